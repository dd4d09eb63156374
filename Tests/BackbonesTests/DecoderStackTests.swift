import Backbones
import NN
import Testing
import Torch

@Suite("Decoder layers on a cache")
struct DecoderStackTests {
    /// Layers as of published families, in small.
    enum Family: CaseIterable {
        case gemma, gemma2, qwen3, qwen2, compact

        var layers: [TransformerLayer.Configuration] {
            var attention = SelfAttention.Configuration(headCount: 4, keyValueHeadCount: 2, headWidth: 8)
            var norm = NormKind.rms(epsilon: 1e-6)
            var feedForward = FeedForward.Configuration(
                hidden: 24,
                activation: .silu,
                isGated: true,
                hasBias: false
            )
            switch self {
            case .gemma, .gemma2:
                (norm, feedForward.activation) = (.rms(epsilon: 1e-6, addsOne: true), .geluTanh)
            case .qwen3: attention.queryKeyNorm = norm
            case .qwen2: attention.hasBias = true
            case .compact:
                norm = .layer(epsilon: 1e-5, hasBias: true)
                feedForward = .init(hidden: 24, activation: .gelu, isGated: false, hasBias: true)
                attention.queryKeyNorm = .layer(epsilon: 1e-5, hasBias: false)
            }
            if self == .gemma2 { (attention.softCap, attention.scale) = (2, 0.5) }
            var layer = TransformerLayer.Configuration(
                width: 12,
                attention: attention,
                feedForward: feedForward,
                norm: norm
            )
            layer.normalizesBranches = self == .gemma2
            return (0 ..< 3).map { index in
                layer.slidingWindow = self == .gemma2 && index % 2 == 0 ? 3 : nil
                return layer
            }
        }

        var rotary: RotaryPositions { RotaryPositions(width: 8, sections: self == .qwen2 ? [2, 1, 1] : nil) }
    }

    private static func error(_ a: Tensor, _ b: Tensor) -> Double {
        a.shape == b.shape ? (a - b).abs().max().item / b.abs().max().item : .infinity
    }

    @Test("decode token by token what one causal forward gives", arguments: Family.allCases)
    func cached(family: Family) {
        Torch.seed(3)
        let stack = DecoderStack(family.layers, rotary: family.rotary, device: .cpu)
        let (inputs, count) = (Tensor.randn([2, 7, 12]), 7)
        var positions = Tensor.arange(1 ..< count + 1).unsqueezed(0)
        if family == .qwen2 {
            positions = .stacked([positions, positions * Tensor([2]), positions * Tensor([3])])
        }
        withoutGradients {
            var whole = KeyValueCache(layerCount: 3)
            let expected = stack.decode(
                inputs,
                positions: positions,
                cache: &whole,
                mask: .causalMask(count, device: .cpu)
            )
            let axis = positions.rank - 1
            var cache = stack.keysAndValues(
                of: inputs.narrowed(1, from: 0, count: 4),
                positions: positions.narrowed(axis, from: 0, count: 4),
                mask: .causalMask(4, device: .cpu)
            )
            #expect(cache.contents.keys.map { $0.size(2) } == [4, 4, 4])
            for index in 4 ..< count {
                let found = stack.decode(
                    inputs.narrowed(1, from: index, count: 1),
                    positions: positions.narrowed(axis, from: index, count: 1),
                    cache: &cache,
                    mask: nil
                )
                #expect(Self.error(found, expected.narrowed(1, from: index, count: 1)) < 1e-5)
            }
            for (found, expected) in zip(cache.contents.keys, whole.contents.keys) {
                #expect(Self.error(found, expected) < 1e-5)
            }
        }
    }

    @Test("see no further back than their sliding window")
    func slidingWindow() {
        Torch.seed(4)
        let stack = DecoderStack([Family.gemma2.layers[0]], rotary: Family.gemma2.rotary, device: .cpu)
        func last(_ inputs: Tensor) -> [Float] {
            withoutGradients {
                var cache = KeyValueCache(layerCount: 1)
                let positions = Tensor.arange(0 ..< 6).unsqueezed(0)
                return stack.decode(
                    inputs,
                    positions: positions,
                    cache: &cache,
                    mask: .causalMask(6, device: .cpu)
                )
                .select(1, 5).floats
            }
        }
        let inputs = Tensor.randn([1, 6, 12])
        func changed(_ index: Int) -> Tensor {
            let other = inputs.clone()
            other.select(1, index).copyInPlace(.randn([1, 12]))
            return other
        }
        #expect(last(changed(2)) == last(inputs))
        #expect(last(changed(3)) != last(inputs))
    }

    @Test("narrower, attend to a cache of another precision")
    func mixedPrecision() {
        Torch.seed(5)
        let wide = withParameters(of: .bfloat16) {
            DecoderStack(Family.gemma.layers, rotary: Family.gemma.rotary, device: .cpu)
        }
        let narrow = DecoderStack(
            Family.gemma.layers.map { $0.narrowed(to: 6) },
            rotary: Family.gemma.rotary,
            device: .cpu
        )
        #expect(narrow.layers[0].feedForward.up.weight.shape == [12, 6])
        let features = withoutGradients {
            let positions = Tensor.arange(0 ..< 5).unsqueezed(0)
            var cache = wide.keysAndValues(
                of: Tensor.randn([1, 5, 12]).to(.bfloat16),
                positions: positions,
                mask: nil
            )
            return narrow.decode(
                .randn([1, 2, 6]),
                positions: Tensor([5, 6], shape: [1, 2]),
                cache: &cache,
                mask: nil
            )
        }
        #expect(features.shape == [1, 2, 6] && features.dtype == .float32)
        #expect(features.isFinite().all().item == 1)
    }
}
