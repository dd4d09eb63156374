import ActionTokenizers
import Testing
import Torch

@testable import FASTerVLA

@Suite("Tokens of greedy decoding")
struct TokenChoiceTests {
    /// Codewords of 2 codebooks, 3 latent positions, 5 entries and 2 coordinates.
    private static let codewords = Tensor(
        (0 ..< 60).map { Float(($0 * 37) % 23) / 5 - 2 },
        shape: [2, 3, 5, 2]
    )

    @Test("are the most likely ones without codewords")
    func mostLikely() {
        let logits = Tensor([0 as Float, 3, 1, 5, 2, 4], shape: [1, 2, 3])
        let tokens = TokenChoice(greedyBy: nil)(logits, codebook: 0, positions: 0 ..< 2)
        #expect(tokens.shape == [1, 2] && tokens.integers == [1, 0])
    }

    @Test(
        "are those closest to the mean of the codewords of their own codebook and latent position",
        arguments: [0, 1]
    )
    func closestToMean(codebook: Int) {
        Torch.seed(2)
        let logits = Tensor.randn([4, 2, 5])
        let tokens = TokenChoice(greedyBy: Self.codewords)(logits, codebook: codebook, positions: 1 ..< 3)
        let probabilities = logits.softmax(2).floats
        let values = Self.codewords.floats
        for row in 0 ..< 4 {
            for slot in 0 ..< 2 {
                let entries = (0 ..< 5).map { entry in
                    (0 ..< 2).map { values[((codebook * 3 + slot + 1) * 5 + entry) * 2 + $0] }
                }
                let weights = (0 ..< 5).map { probabilities[(row * 2 + slot) * 5 + $0] }
                // The risk of an entry is the mean squared distance of what could have been meant.
                let risks = entries.map { one in
                    zip(entries, weights).reduce(Float(0)) { sum, other in
                        sum + other.1 * zip(one, other.0).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                    }
                }
                let best = risks.indices.min { risks[$0] < risks[$1] }
                #expect(tokens.integers[row * 2 + slot] == best)
            }
        }
    }

    @Test("are a certain entry itself, whatever its neighbours")
    func certainty() {
        let logits = Tensor([0 as Float, 0, 60, 0, 0], shape: [1, 1, 5])
        #expect(
            TokenChoice(greedyBy: Self.codewords)(logits, codebook: 1, positions: 0 ..< 1).integers == [2]
        )
    }

    @Test("ignore codewords of another head")
    func otherShapes() {
        let codewords = Codewords(
            codebookCount: 2,
            latentPositionCount: 3,
            codebookSize: 5,
            width: 2,
            values: Self.codewords.floats
        )
        func head(_ positions: Int, _ entries: Int) -> BlockHead.Configuration {
            .init(
                schedule: BlockSchedule(codebookCount: 2, latentPositionCount: positions, blockSize: nil),
                codebookSize: entries,
                dimension: 1
            )
        }
        #expect(codewords.tensor(for: head(3, 5), device: .cpu)?.shape == [2, 3, 5, 2])
        #expect(codewords.tensor(for: head(4, 5), device: .cpu)?.shape == [2, 4, 5, 2])
        #expect(codewords.tensor(for: head(2, 5), device: .cpu) == nil)
        #expect(codewords.tensor(for: head(3, 6), device: .cpu) == nil)
    }
}
