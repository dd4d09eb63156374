import ActionTokenizers
import RobotTypes

/// A residual tokenizer by rounding: the first codebook knows steps of 1, the next of 0.1, the last of 0.01.
struct RoundingTokenizer: ResidualTokenizer {
    var name = "fastervq"
    var horizon = 2
    var dimension = 1
    var normalization = Normalization.unit(1)
    var codebookCount = 3

    var latentPositionCount: Int { horizon * dimension }
    var codebookSizes: [Int] { Array(repeating: 21, count: codebookCount) }

    func codebook(ofToken position: Int) -> Int { position / latentPositionCount }

    private func step(_ codebook: Int) -> Double { [1, 0.1, 0.01][codebook] }

    func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        let size = horizon * dimension
        return (0 ..< chunks.count).map { chunk in
            var left = chunks.values[chunk * size ..< (chunk + 1) * size].map(Double.init)
            return (0 ..< codebookCount).flatMap { codebook in
                left.indices.map { place in
                    let code = Int((left[place] / step(codebook)).rounded())
                    left[place] -= Double(code) * step(codebook)
                    return min(20, max(0, code + 10))
                }
            }
        }
    }

    func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        try chunks(for: tokens, codebooks: codebookCount)
    }

    func chunks(for tokens: [[Int]], codebooks: Int) throws -> ActionChunks {
        let values = try tokens.enumerated().flatMap { chunk, codes in
            guard codes.count == codebooks * latentPositionCount else {
                throw ActionTokenizerError("chunk \(chunk): \(codes.count) codes")
            }
            return (0 ..< latentPositionCount).map { place in
                (0 ..< codebooks).reduce(Float(0)) {
                    $0 + Float(Double(codes[$1 * latentPositionCount + place] - 10) * step($1))
                }
            }
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }
}

extension Normalization {
    /// Leaves `dimension` columns as they are.
    static func unit(_ dimension: Int) -> Normalization {
        let (zeros, ones) = (
            [Float](repeating: 0, count: dimension), [Float](repeating: 1, count: dimension)
        )
        return Normalization(
            method: .identity,
            statistics: FeatureStatistics(
                mean: zeros,
                std: ones,
                q01: ones.map { -$0 },
                q99: ones,
                min: ones.map { -$0 },
                max: ones
            )
        )
    }
}
