import ActionTokenizers
import Support
import Testing
import Torch

@testable import FASTerVLA

@Suite("Soft labels")
struct SoftLabelsTests {
    /// Two codebooks of two latent positions: five entries on a line, two of them equal.
    private let codewords = Codewords(
        codebookCount: 2,
        latentPositionCount: 2,
        codebookSize: 5,
        width: 1,
        values: [0, 1, 2, 2, 7, 0, 10, 20, 20, 70, 5, 4, 3, 3, -2, 0, 1, 2, 2, 7]
    )

    private func labels(_ code: Int, position: Int, temperature: Double = 1) -> [Float] {
        let codes = Tensor([code, code], shape: [1, 2])
        return SoftLabels(codewords, temperature: temperature, device: .cpu)
            .labels(of: codes, codebook: 0)
            .select(1, position).floats
    }

    @Test("are probabilities, the higher the nearer an entry is")
    func distances() {
        let labels = labels(1, position: 0)
        #expect(abs(labels.reduce(0, +) - 1) < 1e-6)
        #expect(labels[1] > labels[0])
        #expect(abs(labels[0] - labels[2]) < 1e-6)
        #expect(labels[2] > labels[4])
        #expect(labels[2] == labels[3])
    }

    @Test("do not depend on the unit of the codewords")
    func scale() {
        for code in 0 ..< 5 {
            for (one, other) in zip(labels(code, position: 0), labels(code, position: 1)) {
                #expect(abs(one - other) < 1e-6)
            }
        }
    }

    @Test("are one-hot at low temperatures, but for equal entries, which share the label")
    func lowTemperature() {
        let single = labels(1, position: 0, temperature: 1e-3)
        #expect(single == [0, 1, 0, 0, 0])
        let shared = labels(2, position: 0, temperature: 1e-3)
        #expect(shared == [0, 0, 0.5, 0.5, 0])
    }

    @Test("of a codebook whose entries are all equal are even")
    func equalEntries() {
        let codewords = Codewords(
            codebookCount: 1,
            latentPositionCount: 1,
            codebookSize: 4,
            width: 2,
            values: [Float](repeating: 3, count: 8)
        )
        let labels = SoftLabels(codewords, temperature: 1, device: .cpu)
        #expect(
            labels.labels(of: Tensor([2], shape: [1, 1]), codebook: 0).floats == [0.25, 0.25, 0.25, 0.25]
        )
    }

    @Test("at low temperatures have the cross-entropy of one-hot targets, without codes that do not count")
    func crossEntropy() {
        Torch.seed(3)
        let distinct = Codewords(
            codebookCount: 1,
            latentPositionCount: 2,
            codebookSize: 3,
            width: 1,
            values: [0, 1, 3, 2, 1, 5]
        )
        let scores = Tensor.randn([4, 2, 4])
        let codes = Tensor([0, 1, 2, Tensor.ignoreIndex, 2, 2, Tensor.ignoreIndex, 0], shape: [4, 2])
        let soft = SoftLabels(distinct, temperature: 1e-3, device: .cpu)
            .crossEntropy(scores, codes, codebook: 0)
        let hard = scores.reshaped(-1, 4).crossEntropy(codes.reshaped(-1))
        #expect(abs(soft.item - hard.item) < 1e-5)
    }
}
