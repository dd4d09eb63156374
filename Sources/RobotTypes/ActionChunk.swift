/// The motion proposed for the near future, one row of targets per control step.
public struct ActionChunk: Equatable, Sendable {
    /// Control steps in the chunk.
    public let horizon: Int

    /// Columns of a step.
    public let dimension: Int

    /// `[horizon, dimension]`, row-major, oldest step first.
    public let values: [Float]

    /// Wraps `values`, `[horizon, dimension]`.
    public init(horizon: Int, dimension: Int, values: [Float]) {
        precondition(values.count == horizon * dimension, "a chunk needs horizon * dimension values")
        self.horizon = horizon
        self.dimension = dimension
        self.values = values
    }
}

/// A batch of chunks of one shape, `[count, horizon, dimension]`, row-major.
public struct ActionChunks: Equatable, Sendable {
    /// Number of chunks.
    public let count: Int

    /// Control steps in a chunk.
    public let horizon: Int

    /// Columns of a step.
    public let dimension: Int

    /// `[count, horizon, dimension]`, row-major.
    public var values: [Float]

    /// Number of steps of every chunk that lie inside the episode, `[count]`, each in `1 ... horizon`.
    ///
    /// The rest counts in no loss and no metric.
    public let validSteps: [Int]

    /// Wraps `values`, `[count, horizon, dimension]`; without `validSteps`, every step is valid.
    ///
    /// Steps beyond the valid ones are replaced by the last valid one; ``padded(by:)`` gives columns of changes zeros there.
    public init(count: Int, horizon: Int, dimension: Int, values: [Float], validSteps: [Int]? = nil) {
        precondition(
            values.count == count * horizon * dimension,
            "chunks need count * horizon * dimension values"
        )
        precondition(validSteps == nil || validSteps?.count == count, "one number of valid steps a chunk")
        self.count = count
        self.horizon = horizon
        self.dimension = dimension
        self.values = values
        self.validSteps = validSteps ?? Array(repeating: horizon, count: count)
        repeatLastValidStep()
    }

    /// Wraps `values`, `[count, horizon, dimension]`, whose steps beyond the valid ones are padded already.
    package init(count: Int, horizon: Int, dimension: Int, paddedValues: [Float], validSteps: [Int]) {
        precondition(paddedValues.count == count * horizon * dimension && validSteps.count == count)
        self.count = count
        self.horizon = horizon
        self.dimension = dimension
        values = paddedValues
        self.validSteps = validSteps
    }

    private mutating func repeatLastValidStep() {
        for chunk in 0 ..< count where validSteps[chunk] < horizon {
            let last = (chunk * horizon + max(1, validSteps[chunk]) - 1) * dimension
            for step in validSteps[chunk] ..< horizon {
                for column in 0 ..< dimension {
                    values[(chunk * horizon + step) * dimension + column] = values[last + column]
                }
            }
        }
    }

    /// The chunks with their first `columns` columns; with columns of zeros where they have fewer.
    public func keeping(columns: Int) -> ActionChunks {
        guard columns != dimension else { return self }
        let kept = min(columns, dimension)
        let missing = Array(repeating: Float(0), count: columns - kept)
        let rows = (0 ..< count * horizon).flatMap { row in
            values[row * dimension ..< row * dimension + kept] + missing
        }
        return ActionChunks(
            count: count,
            horizon: horizon,
            dimension: columns,
            paddedValues: rows,
            validSteps: validSteps
        )
    }

    /// The chunk at `index`.
    public subscript(index: Int) -> ActionChunk {
        let size = horizon * dimension
        return ActionChunk(
            horizon: horizon,
            dimension: dimension,
            values: Array(values[index * size ..< (index + 1) * size])
        )
    }

    /// The chunks in `range`.
    public subscript(range: Range<Int>) -> ActionChunks {
        let size = horizon * dimension
        return ActionChunks(
            count: range.count,
            horizon: horizon,
            dimension: dimension,
            paddedValues: Array(values[range.lowerBound * size ..< range.upperBound * size]),
            validSteps: Array(validSteps[range])
        )
    }
}
