import Backbones
import NN
import Testing
import Torch

@testable import FASTerVLA

@Suite("The expert without libtorch")
struct PackedExpertTests {
    private let network = BlockDecoderTests.network(blockSize: nil)

    private func prefix(batch: Int = 1) -> Prefix {
        Torch.seed(5)
        return network.backbone.prefix(
            of: PrefixInput(
                images: [
                    Tensor.randint(0 ..< 256, [batch, 32, 32, 3]).to(.uint8),
                    Tensor.randint(0 ..< 256, [batch, 32, 64, 3]).to(.uint8),
                ],
                text: Tensor.randint(1 ..< 257, [batch, 8]),
                state: Tensor.randint(0 ..< 256, [batch, 3])
            )
        )
    }

    /// Norms with shifts and scales of their own, as after training.
    private func unsettle() {
        withoutGradients {
            for named in network.expert?.parameters ?? [] where named.tensor.rank == 1 {
                named.tensor.copyInPlace(named.tensor + .randn(named.tensor.shape) * 0.3)
            }
        }
    }

    @Test("gives what libtorch gives to 1e-5, forward after forward", arguments: [1, 3])
    func agrees(batch: Int) throws {
        unsettle()
        let packed = try #require(network.expert.flatMap(PackedExpert.init))
        withoutGradients {
            let prefix = prefix(batch: batch)
            var plain = KeyValueCache(prefix, roomFor: 12)
            var quick = KeyValueCache(prefix, roomFor: 12)
            var start = 0
            for count in [5, 1, 6] {
                let inputs = Tensor.randn([batch, count, 128])
                let positions = Tensor.arange(start ..< start + count, dtype: .float32).unsqueezed(0) * 1.5
                let expected = network.features(inputs, positions: positions, cache: &plain, mask: nil)
                let found = network.features(
                    inputs,
                    positions: positions,
                    cache: &quick,
                    mask: nil,
                    packed: packed
                )
                #expect(found.shape == expected.shape)
                #expect((found - expected).abs().max().item < 1e-5)
                start += count
            }
        }
    }

    @Test("leaves a cache alone that cannot be written in place")
    func growingCache() throws {
        let packed = try #require(network.expert.flatMap(PackedExpert.init))
        withoutGradients {
            var cache = KeyValueCache(prefix())
            let inputs = Tensor.randn([1, 2, 128])
            let positions = Tensor.zeros([1, 2])
            #expect(packed.features(inputs, positions: positions, cache: &cache) == nil)
            let found = network.features(
                inputs,
                positions: positions,
                cache: &cache,
                mask: nil,
                packed: packed
            )
            #expect(found.shape == [1, 2, 128])
        }
    }

    @Test("decodes the codes that the training-time forward finds best")
    func decodes() throws {
        unsettle()
        let head = try #require(network.codeHead)
        withoutGradients {
            let prefix = prefix()
            let codes = BlockDecoder(network, head, sampling: .greedy).codes(after: prefix)
            let forced = network.teacherForcedLogits(codes: codes, head, prefix: prefix, training: false)
            let scores = Tensor.concatenated(forced.codebooks, axis: 1)
            let best = scores.narrowed(2, from: 0, count: BlockDecoderTests.codebookSize).argmax(2)
            #expect(best.integers == codes.integers)
        }
    }
}
