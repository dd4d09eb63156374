import Backbones
import CPUInference
import NN
import Testing
import Torch

@testable import FASTerVLA

@Suite("Hand-written kernels for decoding")
struct InferenceBackendTests {
    /// A network whose norms have shifts and scales of their own, as after training.
    private func network(hasExpert: Bool) -> FASTerVLANetwork {
        let network = SmallNetwork.network(blockSize: nil, hasExpert: hasExpert) { $0.committedSteps = 4 }
        withoutGradients {
            for named in network.parameters where named.tensor.rank == 1 {
                named.tensor.copyInPlace(named.tensor + .randn(named.tensor.shape) * 0.3)
            }
        }
        return network
    }

    private func prefix(_ network: FASTerVLANetwork, batch: Int) -> Prefix {
        Torch.seed(5)
        return network.backbone.prefix(
            of: PrefixInput(
                images: [
                    Tensor.randint(0 ..< 256, [batch, 32, 32, 3]).to(.uint8),
                    Tensor.randint(0 ..< 256, [batch, 32, 64, 3]).to(.uint8),
                ],
                tokens: Tensor.randint(1 ..< 257, [batch, 8]),
                state: Tensor.randint(0 ..< 256, [batch, 3])
            )
        )
    }

    @Test(
        "give what libtorch gives to 1e-5, forward after forward, with an action expert and without",
        arguments: [1, 3],
        [true, false]
    )
    func agrees(batch: Int, hasExpert: Bool) throws {
        let network = network(hasExpert: hasExpert)
        let packed = try #require(PackedSuffixDecoder(network.suffixDecoder))
        let width = hasExpert ? 128 : network.backbone.width
        withoutGradients {
            let prefix = prefix(network, batch: batch)
            var plainCache = KeyValueCache(prefix, roomFor: 12)
            var packedCache = KeyValueCache(prefix, roomFor: 12)
            var start = 0
            for count in [5, 1, 6] {
                let inputs = Tensor.randn([batch, count, width])
                let positions = Tensor.arange(start ..< start + count, dtype: .float32).unsqueezed(0) * 1.5
                let expected = network.suffixDecoder.decode(
                    inputs,
                    positions: positions,
                    cache: &plainCache,
                    mask: nil
                )
                let found = packed.decode(inputs, positions: positions, cache: &packedCache, mask: nil)
                #expect(found.shape == expected.shape)
                #expect((found - expected).abs().max().item < 1e-5)
                start += count
            }
        }
    }

    @Test("leave a cache that grows, and a forward with a mask, to libtorch")
    func fallback() throws {
        let network = network(hasExpert: true)
        let packed = try #require(PackedSuffixDecoder(network.suffixDecoder))
        withoutGradients {
            let prefix = prefix(network, batch: 1)
            let (inputs, positions) = (Tensor.randn([1, 2, 128]), Tensor.zeros([1, 2]))
            let mask = Tensor.ones([1, 1, 2, prefix.length + 2], dtype: .bool)
            for (cache, mask) in [
                (KeyValueCache(prefix), nil), (KeyValueCache(prefix, roomFor: 2), mask),
            ] as [(KeyValueCache, Tensor?)] {
                var (one, other) = (cache, KeyValueCache(prefix))
                let found = packed.decode(inputs, positions: positions, cache: &one, mask: mask)
                let expected = network.suffixDecoder.decode(
                    inputs,
                    positions: positions,
                    cache: &other,
                    mask: mask
                )
                #expect(found.floats == expected.floats)
            }
        }
    }

    @Test("map features to logits as libtorch does to 1e-5, and many rows by libtorch", arguments: [5, 80])
    func classifiers(rows: Int) throws {
        Torch.seed(3)
        let layer = Linear(48, 17)
        try withoutGradients {
            layer.bias?.copyInPlace(.randn([17]))
            let packed = try #require(PackedAffineMap(layer))
            let x = Tensor.randn([1, rows, 48])
            let found = packed(x)
            #expect(found.shape == [1, rows, 17])
            #expect((found - layer(x)).abs().max().item < 1e-5)
        }
    }

    @Test("choose the codes that libtorch chooses, after a committed prefix, too", arguments: [true, false])
    func decodes(hasExpert: Bool) throws {
        let network = network(hasExpert: hasExpert)
        let head = try #require(network.blockHead)
        withoutGradients {
            let prefix = prefix(network, batch: 1)
            for committed in [nil, Tensor.randn([1, 3, 2])] {
                let codes = [InferenceBackend(network), InferenceBackend(fastestFor: network)].map {
                    backend in
                    var latencies = LatencyEstimate()
                    return BlockDecoder(head, backend, sampling: .greedy)
                        .decode(after: prefix, committed: committed, latencies: &latencies)
                        .codes.integers
                }
                #expect(codes[0] == codes[1])
            }
        }
    }
}
