public import RobotTypes

/// A value of an action far outside what a tokenizer's statistics know.
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

    /// Smallest and largest value of the column in the tokenizer's statistics.
    public let recorded: ClosedRange<Float>

    /// The value and its place in a sentence.
    public var description: String { "chunk \(chunk), step \(step), column \(column): \(reason)" }

    /// The value without its place.
    public var reason: String {
        "\(value) is far outside the tokenizer's statistics, \(recorded.lowerBound) ... \(recorded.upperBound)"
    }
}

/// Number of values of actions that were clipped to a tokenizer's statistics.
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
        return "\(count) of \(total) values clipped to the tokenizer's statistics"
            + (columns.isEmpty ? "" : ": \(columns.joined(separator: ", "))")
    }
}

extension ActionTokenizer {
    /// The first value, in the robot's units, that lies beyond the recorded range by more than the range's width.
    ///
    /// Steps behind an episode's end do not count. A column that hardly moves has the width of a fiftieth of its size, at
    /// least 0.001.
    public func firstFarValue(in chunks: ActionChunks) -> FarValue? {
        let accepted = (0 ..< dimension).map { column in
            let recorded = normalization.recordedRange(of: column)
            let size = max(abs(recorded.lowerBound), abs(recorded.upperBound))
            let width = max(recorded.upperBound - recorded.lowerBound, 0.02 * size, 1e-3)
            return recorded.lowerBound - width ... recorded.upperBound + width
        }
        for (chunk, step, column, index) in chunks.validPositions
        where !accepted[column].contains(chunks.values[index]) {
            return FarValue(
                chunk: chunk,
                step: step,
                column: column,
                value: chunks.values[index],
                recorded: normalization.recordedRange(of: column)
            )
        }
        return nil
    }

    /// Chunks in the robot's units, clipped to the recorded range of every column, and how many values were.
    ///
    /// - Throws: ``ActionTokenizerError`` when the shape differs or a value is not finite.
    public func clippedToStatistics(
        _ chunks: ActionChunks
    ) throws(ActionTokenizerError) -> (chunks: ActionChunks, clipped: ClippedValues) {
        try check(chunks)
        let ranges = (0 ..< dimension).map(normalization.recordedRange)
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
    /// Smallest and largest recorded value of a column.
    fileprivate func recordedRange(of column: Int) -> ClosedRange<Float> {
        min(statistics.min[column], statistics.max[column])
            ... max(statistics.min[column], statistics.max[column])
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
