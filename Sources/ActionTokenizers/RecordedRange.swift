public import RobotTypes

/// A value of an action far outside a tokenizer's range.
///
/// Encoders move it to the end of their range in silence, so a wrong unit or another robot would pass unseen.
public struct FarValue: Equatable, Sendable, CustomStringConvertible {
    /// Index of the chunk.
    public let chunk: Int

    /// Index of the control step in the chunk.
    public let step: Int

    /// Index of the column.
    public let column: Int

    /// The value, in the robot's units.
    public let value: Float

    /// Smallest and largest value of the column that the tokenizer represents.
    public let range: ClosedRange<Float>

    /// The value and its place in a sentence.
    public var description: String { "chunk \(chunk), step \(step), column \(column): \(reason)" }

    /// The value without its place.
    public var reason: String {
        "\(value) is far outside the tokenizer's range, \(range.lowerBound) ... \(range.upperBound)"
    }
}

/// Number of values of actions that were clipped to a tokenizer's range.
public struct ClippedValues: Equatable, Sendable, CustomStringConvertible {
    /// Number of clipped values of every column.
    public let counts: [Int]

    /// The clipped value furthest outside, of every column; nil where none was clipped.
    public let furthest: [Float?]

    /// Number of values in all.
    public let total: Int

    /// Number of clipped values.
    public var count: Int { counts.reduce(0, +) }

    /// The counts in a sentence.
    public var description: String {
        let columns = counts.indices.compactMap { column in
            furthest[column].map { "column \(column) \(counts[column]) (up to \($0))" }
        }
        return "\(count) of \(total) values clipped to the tokenizer's range"
            + (columns.isEmpty ? "" : ": \(columns.joined(separator: ", "))")
    }
}

extension ActionTokenizer {
    /// The first value, in the robot's units, far outside the recorded range, or that of the codec where it is narrower
    /// (``normalizedLimit``).
    public func firstFarValue(in chunks: ActionChunks) -> FarValue? {
        normalization.firstFarValue(in: chunks, limit: normalizedLimit)
    }

    /// Chunks in the robot's units, clipped to the range of every column, and how many values were.
    ///
    /// - Throws: ``ActionTokenizerError`` when the shape differs or a value is not finite.
    public func clippedToRange(
        _ chunks: ActionChunks
    ) throws(ActionTokenizerError) -> (chunks: ActionChunks, clipped: ClippedValues) {
        try check(chunks)
        let ranges = normalization.ranges(limit: normalizedLimit)
        var result = chunks
        var counts = [Int](repeating: 0, count: dimension)
        var furthest = [Float?](repeating: nil, count: dimension)
        var total = 0
        for (_, _, column, index) in chunks.validPositions {
            let (value, range) = (chunks.values[index], ranges[column])
            total += 1
            guard !range.contains(value) else { continue }
            result.values[index] = min(max(value, range.lowerBound), range.upperBound)
            counts[column] += 1
            let centre = range.lowerBound / 2 + range.upperBound / 2
            if abs(value - centre) > furthest[column].map({ abs($0 - centre) }) ?? 0 {
                furthest[column] = value
            }
        }
        return (result, ClippedValues(counts: counts, furthest: furthest, total: total))
    }
}

extension Normalization {
    /// The first value, in the robot's units, that lies beyond the range by more than the range's width.
    ///
    /// Steps behind an episode's end do not count. A column that hardly moves has the width of a fiftieth of its size, at
    /// least 0.001; a constant one, which decodes to the constant whatever is encoded, that of its size, at least 1.
    ///
    /// - Parameters:
    ///   - chunks: Chunks in the robot's units.
    ///   - limit: Largest size of a normalised value; nil for the recorded range alone.
    /// - Returns: The value and its place; nil where there is none.
    public func firstFarValue(in chunks: ActionChunks, limit: Float? = nil) -> FarValue? {
        let ranges = ranges(limit: limit)
        let accepted = ranges.map { range in
            let size = max(abs(range.lowerBound), abs(range.upperBound))
            let isConstant = range.upperBound - range.lowerBound <= 2 * Self.constantWidth
            let width =
                isConstant
                ? max(size, 1)
                : max(range.upperBound - range.lowerBound, Self.minimumRelativeWidth * size, 1e-3)
            return range.lowerBound - width ... range.upperBound + width
        }
        for (chunk, step, column, index) in chunks.validPositions
        where !accepted[column].contains(chunks.values[index]) {
            return FarValue(
                chunk: chunk,
                step: step,
                column: column,
                value: chunks.values[index],
                range: ranges[column]
            )
        }
        return nil
    }

    /// Smallest and largest recorded value of every column, within the limit of normalised values.
    fileprivate func ranges(limit: Float?) -> [ClosedRange<Float>] {
        let limits = limit.map { limit in
            let ends = [-limit, limit].map { restored(Array(repeating: $0, count: statistics.dimension)) }
            return zip(ends[0], ends[1]).map { $0 ... $1 }
        }
        return (0 ..< statistics.dimension).map { column in
            let ends = [statistics.min[column], statistics.max[column]].sorted()
            let recorded = ends[0] ... ends[1]
            return limits.map { recorded.clamped(to: $0[column]) } ?? recorded
        }
    }
}

extension ActionChunks {
    /// Chunk, step, column and index of every value inside its episode, in order.
    fileprivate var validPositions: some Sequence<(chunk: Int, step: Int, column: Int, index: Int)> {
        (0 ..< count * horizon * dimension).lazy.compactMap { index in
            let (row, column) = (index / dimension, index % dimension)
            let (chunk, step) = (row / horizon, row % horizon)
            return step < validSteps[chunk] ? (chunk, step, column, index) : nil
        }
    }
}
