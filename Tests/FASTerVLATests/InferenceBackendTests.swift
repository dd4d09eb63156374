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

    /// A small compact backbone with keypoints on one camera and patches on the other.
    private func backbone(
        _ change: (inout CompactBackbone.Configuration) -> Void = { _ in }
    ) -> CompactBackbone {
        Torch.seed(21)
        var configuration = CompactBackbone.Configuration(
            cameras: [
                .init(height: 32, width: 48, pixelsPerToken: 16, keypoints: 3),
                .init(height: 32, width: 64, pixelsPerToken: 8),
            ],
            stateDimension: 3
        )
        (configuration.width, configuration.layerCount, configuration.objectPoseDimension) = (80, 3, 2)
        change(&configuration)
        let backbone = CompactBackbone(configuration, device: .cpu)
        withoutGradients {
            for named in backbone.parameters where named.tensor.rank == 1 {
                named.tensor.copyInPlace(named.tensor + .randn(named.tensor.shape) * 0.3)
            }
        }
        return backbone
    }

    private func input(text: [Int] = Array(1 ... 10), batch: Int = 1) -> PrefixInput {
        PrefixInput(
            images: [
                Tensor.randint(0 ..< 256, [batch, 32, 48, 3]).to(.uint8),
                Tensor.randint(0 ..< 256, [batch, 32, 64, 3]).to(.uint8),
            ],
            tokens: Tensor(text, shape: [1, text.count]).expanded([batch, -1]).contiguous(),
            state: Tensor.randint(0 ..< 256, [batch, 3])
        )
    }

    private func expectSame(_ found: Prefix, _ expected: Prefix, within tolerance: Double) {
        #expect(found.keys.count == expected.keys.count && found.values.count == expected.values.count)
        #expect(found.nextPosition.floats == expected.nextPosition.floats)
        for (one, other) in zip(found.keys + found.values, expected.keys + expected.values) {
            #expect(one.shape == other.shape)
            #expect((one - other).abs().max().item <= tolerance)
        }
        #expect(found.mask?.floats == expected.mask?.floats)
    }

    @Test(
        "give the prefix that libtorch gives, of keypoints and patches, with and without poses and a full last layer",
        arguments: [true, false],
        [true, false]
    )
    func prefixes(hasPoses: Bool, supportsDecoding: Bool) throws {
        let backbone = backbone {
            if !hasPoses { $0.objectPoseDimension = nil }
            $0.supportsDecoding = supportsDecoding
        }
        let packed = try #require(PackedCompactBackbone(backbone))
        withoutGradients {
            // Text that fills its tokens, that ends inside of one, and that is cut off.
            for length in [8, 10, 200] {
                let input = input(text: (0 ..< length).map { $0 % 250 + 1 })
                expectSame(
                    packed.prefix(of: input),
                    backbone.prefix(of: input),
                    // Fourier features multiply the rounding of poses by up to 50.
                    within: hasPoses ? 1e-4 : 2e-5
                )
            }
        }
    }

    @Test(
        "give the prefix of a policy without cameras, and of those with a pretrained image encoder, with patches or a summary"
    )
    func prefixesOfOtherEyes() throws {
        for backbone in [
            backbone { ($0.isBlind, $0.objectPoseDimension) = (true, nil) },
            backbone {
                $0.imageEncoder = .init(); $0.cameras[1].pixelsPerToken = 16
            },
            backbone {
                $0.imageEncoder = .init()
                $0.summarizesImages = true
                for camera in $0.cameras.indices {
                    ($0.cameras[camera].pixelsPerToken, $0.cameras[camera].keypoints) = (0, 0)
                }
            },
        ] {
            let packed = try #require(PackedCompactBackbone(backbone))
            withoutGradients {
                let input = input()
                expectSame(packed.prefix(of: input), backbone.prefix(of: input), within: 5e-5)
            }
        }
    }

    @Test("give the prefixes of a batch, on one thread and on several", arguments: [1, 2])
    func batches(threads: Int) throws {
        let former = Torch.threadCount
        defer { Torch.threadCount = former }
        Torch.threadCount = threads
        let backbone = backbone()
        let packed = try #require(PackedCompactBackbone(backbone))
        withoutGradients {
            let input = input(batch: 3)
            expectSame(packed.prefix(of: input), backbone.prefix(of: input), within: 1e-4)
        }
    }

    @Test("give the prefix of instructions of several lengths, padded in tokens of their own or within one")
    func padding() throws {
        let texts = [[5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0]]
        let backbone = backbone { $0.supportsDecoding = true }
        let packed = try #require(PackedCompactBackbone(backbone))
        let decoder = try #require(PackedSuffixDecoder(backbone))
        var input = input(batch: 2)
        input.tokens = Tensor(texts.flatMap(\.self), shape: [2, 12])
        try withoutGradients {
            let (found, expected) = (packed.prefix(of: input), backbone.prefix(of: input))
            let mask = try #require(expected.mask)
            #expect(found.mask?.floats == mask.floats && mask.floats.contains(0))
            let real = mask.to(.float32).reshaped(2, 1, -1, 1)
            for (one, other) in zip(found.keys + found.values, expected.keys + expected.values) {
                #expect(((one - other) * real).abs().max().item < 1e-4)
            }
            let x = Tensor.randn([2, 5, backbone.width])
            let positions = Tensor.arange(1 ..< 6, dtype: .float32).unsqueezed(0)
            var caches = [found, expected].map { KeyValueCache($0, roomFor: 5) }
            let features = [decoder, backbone as any SuffixDecoder].indices.map { index in
                [decoder, backbone as any SuffixDecoder][index].decode(
                    x,
                    positions: positions,
                    cache: &caches[index],
                    mask: expected.extendedMask(by: 5)
                )
            }
            #expect((features[0] - features[1]).abs().max().item < 1e-4)
        }
    }

    @Test("leave empty text and absent images to libtorch")
    func prefixFallback() throws {
        let backbone = backbone()
        let packed = try #require(PackedCompactBackbone(backbone))
        var blind = input()
        blind.hasImage = Tensor([true, false], shape: [1, 2])
        withoutGradients {
            for input in [blind, input(text: [0, 0, 0, 0])] {
                expectSame(packed.prefix(of: input), backbone.prefix(of: input), within: 0)
            }
        }
    }

    @Test("are not made of a large backbone, whose prefix several cores compute faster")
    func large() {
        #expect(PackedCompactBackbone(backbone { ($0.width, $0.layerCount) = (1024, 12) }) == nil)
    }
}
