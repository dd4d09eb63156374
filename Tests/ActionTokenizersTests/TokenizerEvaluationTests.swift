import Foundation
import RobotTypes
import Testing

@testable import ActionTokenizers

/// Gives back prepared chunks and tokens, whatever it is asked.
private struct Scripted: ActionTokenizer {
    var name = "scripted"
    var horizon = 2
    var normalization = Normalization.unit(2)
    var layout = TokenLayout.variableLength(vocabularySize: 4)
    var tokens: [[Int]]
    var values: [Float]

    func tokens(for chunks: ActionChunks) throws -> [[Int]] { Array(tokens.prefix(chunks.count)) }

    func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        let values = Array(values.prefix(tokens.count * horizon * dimension))
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    func save(to folder: URL) throws {}
}

@Suite("Tokenizer metrics")
struct TokenizerEvaluationTests {
    /// Errors: chunk 0 has 0.03 and 0.04 in one step; chunk 1 is 0.5 off, but only where nothing counts.
    private let chunks = ActionChunks(
        count: 2,
        horizon: 2,
        dimension: 2,
        values: [0, 0, 0, 0, 0.25, 0, 0, 0],
        validSteps: [2, 1]
    )
    private let scripted = Scripted(
        tokens: [[0, 1], [0, 1, 1]],
        values: [0.03, -0.04, 0, 0, 0.25, 0, 0.5, -0.5]
    )

    private func close(_ value: Double?, _ expected: Double) -> Bool {
        abs((value ?? .nan) - expected) < 1e-7
    }

    @Test("are those computed by hand, over valid steps only")
    func errors() throws {
        let evaluation = try TokenizerEvaluation(scripted, on: chunks, timedCalls: 3)
        let metrics = evaluation.metrics
        #expect((metrics.chunks, metrics.horizon, metrics.dimensions) == (2, 2, 2))
        // Three valid steps of two columns.
        #expect(close(metrics.l1, 0.07 / 6))
        #expect(metrics.l1PerDimension.count == 2)
        #expect(close(metrics.l1PerDimension[0], 0.03 / 3) && close(metrics.l1PerDimension[1], 0.04 / 3))
        #expect(close(metrics.mse, 0.0025 / 6))
        #expect(metrics.vrr.maxAbsolute == ["0.01": 0.5, "0.02": 0.5, "0.05": 1, "0.1": 1])
        #expect(close(evaluation.peakErrors[0], 0.04) && evaluation.peakErrors[1] == 0)
        let stepPeaks = ReconstructionErrors(chunks, evaluation.reconstruction).stepPeaks
        #expect(close(stepPeaks[0], 0.05) && stepPeaks[1] == 0)
        #expect(evaluation.reconstruction.values == scripted.values)
    }

    @Test("tell the largest value from the longest step")
    func norms() throws {
        var other = scripted
        other.values[0 ..< 2] = [0.04, -0.04]
        let vrr = try TokenizerEvaluation(other, on: chunks, timedCalls: 1).metrics.vrr
        #expect(vrr.maxAbsolute["0.05"] == 1)
        #expect(vrr.l2 == ["0.01": 0.5, "0.02": 0.5, "0.05": 0.5, "0.1": 1])
    }

    @Test("count tokens, bits and the use of every codebook")
    func counting() throws {
        let evaluation = try TokenizerEvaluation(scripted, on: chunks, timedCalls: 1)
        let metrics = evaluation.metrics
        #expect(metrics.tokensPerChunk == .init(mean: 2.5, max: 3))
        #expect(metrics.compressionRatio == 3 / 2.5)
        #expect(metrics.bitsPerChunk == .init(mean: 5, max: 6))
        #expect(metrics.bitRatio == 96 / 5.0)
        #expect(evaluation.tokenCounts == [[2, 3, 0, 0]])
        #expect(metrics.codebooks[0].utilization == 0.5 && metrics.codebooks[0].topFrequency == 0.6)
        #expect(close(metrics.codebooks[0].normalizedEntropy, 0.485475298))
    }

    @Test("normalise entropy by the size of the codebook")
    func entropy() {
        let even = TokenizerEvaluation.use([5, 5, 5, 5])
        #expect(even == .init(utilization: 1, topFrequency: 0.25, normalizedEntropy: 1))
        // Fractions 1/2, 1/4, 1/4 make 1.5 bits of 2.
        let uneven = TokenizerEvaluation.use([2, 1, 1, 0])
        #expect(uneven == .init(utilization: 0.75, topFrequency: 0.5, normalizedEntropy: 0.75))
        #expect(TokenizerEvaluation.use([7]).normalizedEntropy == 0)
        #expect(
            TokenizerEvaluation.use([0, 0]) == .init(utilization: 0, topFrequency: 0, normalizedEntropy: 0)
        )
    }

    @Test("have the keys that faster tokenizer evaluate --json promises")
    func keys() throws {
        let metrics = try TokenizerEvaluation(scripted, on: chunks, timedCalls: 3).metrics
        let data = try JSONEncoder().encode(metrics)
        #expect(try JSONDecoder().decode(TokenizerMetrics.self, from: data) == metrics)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "tokenizer", "chunks", "horizon", "dimensions", "tokens_per_chunk", "bits_per_chunk",
                "compression_ratio", "bit_ratio", "l1", "l1_per_dimension", "mse", "vrr", "codebooks",
                "encode_us",
                "decode_us",
            ]
        )
        func keys(_ name: String) -> Set<String> { Set((object[name] as? [String: Any] ?? [:]).keys) }
        #expect(keys("tokens_per_chunk") == ["mean", "max"] && keys("bits_per_chunk") == ["mean", "max"])
        #expect(keys("encode_us") == ["p50", "p99"] && keys("decode_us") == ["p50", "p99"])
        let vrr = try #require(object["vrr"] as? [String: [String: Double]])
        #expect(Set(vrr.keys) == ["max_abs", "l2"])
        #expect(vrr.values.allSatisfy { Set($0.keys) == ["0.01", "0.02", "0.05", "0.1"] })
        let codebook = try #require((object["codebooks"] as? [[String: Double]])?.first)
        #expect(Set(codebook.keys) == ["utilization", "top_frequency", "normalized_entropy"])
    }

    @Test("are refused where a tokenizer breaks its word")
    func brokenWord() {
        func evaluate(_ change: (inout Scripted) -> Void) throws {
            var other = scripted
            change(&other)
            _ = try TokenizerEvaluation(other, on: chunks)
        }
        #expect(throws: ActionTokenizerError.self) { try evaluate { $0.values[7] = .nan } }
        #expect(throws: ActionTokenizerError.self) { try evaluate { $0.tokens[1][0] = 4 } }
        #expect(throws: ActionTokenizerError.self) { try evaluate { $0.tokens.removeLast() } }
        #expect(throws: ActionTokenizerError("there are no chunks to evaluate on")) {
            try TokenizerEvaluation(scripted, on: chunks[0 ..< 0])
        }
    }
}
