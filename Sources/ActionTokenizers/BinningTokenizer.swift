internal import Foundation
public import RobotTypes

/// Every scalar to one of 256 even bins between its column's 1 % and 99 % quantiles (RT-2, OpenVLA): as many tokens
/// as a chunk has values.
///
/// A value between the quantiles comes back at most half a bin off; one outside comes back in the outer bin.
public struct BinningTokenizer: ActionTokenizer, Equatable {
    /// Control steps of a chunk.
    public let horizon: Int

    /// Columns of an action.
    public let dimension: Int

    /// How the robot's units map to normalised ones; its statistics say where the bins lie.
    public let normalization: Normalization

    /// Number of bins of a column.
    public let binCount: Int

    /// Where the first bin of every column begins, normalised.
    private let starts: [Double]

    /// Width of a bin of every column, normalised.
    private let widths: [Double]

    /// Creates a tokenizer; there is nothing to learn.
    ///
    /// - Parameters:
    ///   - horizon: Control steps of a chunk.
    ///   - dimension: Columns of an action, as many as `normalization` has.
    ///   - normalization: How the robot's units map to normalised ones.
    ///   - binCount: Number of bins of a column.
    public init(horizon: Int, dimension: Int, normalization: Normalization, binCount: Int = 256) {
        precondition(
            normalization.statistics.dimension == dimension,
            "one column of statistics a column of actions"
        )
        precondition(binCount > 0, "binning needs at least one bin")
        self.horizon = horizon
        self.dimension = dimension
        self.normalization = normalization
        self.binCount = binCount
        let bounds = Self.bounds(normalization)
        starts = bounds.map(\.lowerBound)
        widths = bounds.map { ($0.upperBound - $0.lowerBound) / Double(binCount) }
    }

    /// The quantiles of every column, normalised; about its centre where a column never moves.
    private static func bounds(_ normalization: Normalization) -> [ClosedRange<Double>] {
        let statistics = normalization.statistics
        if normalization.method == .quantiles { return statistics.mean.map { _ in -1 ... 1 } }
        let lows = normalization.normalized(statistics.q01).map(Double.init)
        let highs = normalization.normalized(statistics.q99).map(Double.init)
        return zip(lows, highs).map { low, high -> ClosedRange<Double> in
            high - low > 1e-6 ? low ... high : (low - 1) ... (low + 1)
        }
    }

    /// `binning`.
    public var name: String { "binning" }

    /// One alphabet, the bins.
    public var codebookSizes: [Int] { [binCount] }

    /// All tokens share the bins.
    public func codebook(ofToken position: Int) -> Int { 0 }

    /// The bins of normalised chunks; values outside the quantiles fall into the first bin or the last.
    ///
    /// - Throws: ``ActionTokenizerError`` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        let size = horizon * dimension
        return (0 ..< chunks.count).map { chunk in
            (0 ..< size).map { index in
                let column = index % dimension
                let value = Double(chunks.values[chunk * size + index])
                // Clamped before the conversion, which traps beyond the range of integers.
                return Int(min(Double(binCount - 1), max(0, (value - starts[column]) / widths[column])))
            }
        }
    }

    /// The centres of the bins.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when its tokens are too many, too few or no bins.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        var values: [Float] = []
        values.reserveCapacity(tokens.count * horizon * dimension)
        for (chunk, bins) in tokens.enumerated() {
            guard bins.count == horizon * dimension else {
                throw ActionTokenizerError(
                    "chunk \(chunk): expected \(horizon * dimension) tokens, found \(bins.count)"
                )
            }
            for (position, bin) in bins.enumerated() {
                guard (0 ..< binCount).contains(bin) else {
                    throw ActionTokenizerError(
                        "chunk \(chunk): token \(position): expected 0 ..< \(binCount), found \(bin)"
                    )
                }
                let column = position % dimension
                values.append(Float(starts[column] + (Double(bin) + 0.5) * widths[column]))
            }
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }
}
