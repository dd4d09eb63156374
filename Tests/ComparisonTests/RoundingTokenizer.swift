import ActionTokenizers
import Foundation
import RobotTypes

/// A residual tokenizer by rounding: the first codebook has steps of 1, the next of 0.1, the last of 0.01.
struct RoundingTokenizer: ActionTokenizer {
    var name = "fastervq"
    var horizon = 2
    var normalization = Normalization.unit(1)
    var codebookCount = 3

    private var positions: Int { horizon * dimension }

    var layout: TokenLayout {
        .grid(codebookSizes: Array(repeating: 21, count: codebookCount), latentPositionCount: positions)
    }

    var decodableCodebooks: ClosedRange<Int> { 1 ... codebookCount }

    func keeping(codebooks: Int) -> RoundingTokenizer {
        var result = self
        result.codebookCount = min(codebooks, codebookCount)
        return result
    }

    private func step(_ codebook: Int) -> Double { [1, 0.1, 0.01][codebook] }

    func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        (0 ..< chunks.count).map { chunk in
            var residual = chunks[chunk].values.map(Double.init)
            return (0 ..< codebookCount).flatMap { codebook in
                residual.indices.map { position in
                    let code = Int((residual[position] / step(codebook)).rounded())
                    residual[position] -= Double(code) * step(codebook)
                    return min(20, max(0, code + 10))
                }
            }
        }
    }

    func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        try check(tokens)
        let values = tokens.flatMap { codes in
            (0 ..< positions).map { position in
                (0 ..< codes.count / positions).reduce(Float(0)) {
                    $0 + Float(Double(codes[$1 * positions + position] - 10) * step($1))
                }
            }
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    func save(to folder: URL) throws {}
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
