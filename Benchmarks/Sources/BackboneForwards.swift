import Backbones
import NN
import Torch

/// A backbone of the width of a published 3B model beside transformers: prefill of a prompt, and blocks of tokens after it.
struct BackboneForwards {
    /// A published shape.
    enum Shape: String {
        case paligemma
        case qwen25vl

        var name: String { self == .paligemma ? "PaliGemma" : "Qwen2.5-VL" }

        /// Layers of the published model.
        var wholeLayers: (decoder: Int, vision: Int) { self == .paligemma ? (18, 27) : (36, 32) }
    }

    private static let vocabulary = 1024
    private static let block = 5
    private static let words = 40

    private let effort: Effort
    private let shape: Shape
    /// True for as many layers as the published models have, in bfloat16 alone.
    private let isWhole: Bool

    init(_ effort: Effort, _ shape: Shape, isWhole: Bool = false) {
        (self.effort, self.shape, self.isWhole) = (effort, shape, isWhole)
    }

    private var layers: (decoder: Int, vision: Int) { isWhole ? shape.wholeLayers : (3, 4) }

    /// Prefill and blocks.
    func comparisons() throws -> [Comparison] {
        let count = layers
        let dtypes: [DType] = isWhole ? [.bfloat16] : [.bfloat16, .float32]
        let peer = try Peer(
            "backbone.py",
            in: .peers,
            threads: effort.threads,
            [shape.rawValue, dtypes.map { "\($0)" }.joined(separator: ",")]
                + [count.decoder, count.vision, Self.vocabulary, Self.block, Self.words, effort.threads]
                .map(String.init)
        )
        let backbone = self.backbone(.bfloat16)
        let quantized = isWhole ? nil : withQuantizedWeights(.int8) { self.backbone(.bfloat16) }
        let input = self.input
        let whole = shape.wholeLayers
        let notes = [
            "\(shape.name)'s width at 3 billion parameters with \(count.decoder) of \(whole.decoder) decoder layers and \(count.vision) "
                + "of \(whole.vision) vision layers, random weights; one image of 224 x 224. Both leave out what follows the last "
                + "layer's keys and values. \(peer.greeting)."
        ]
        var results = [
            try prefill(notes, .bfloat16, backbone, quantized, input, peer),
            try blocks(notes, .bfloat16, backbone, quantized, input, peer),
        ]
        if !isWhole {
            let single = self.backbone(.float32)
            results.append(try prefill(notes, .float32, single, nil, input, peer))
            results.append(try blocks(notes, .float32, single, nil, input, peer))
        }
        return results
    }

    private func prefill(
        _ notes: [String],
        _ dtype: DType,
        _ backbone: any Backbone,
        _ quantized: (any Backbone)?,
        _ input: PrefixInput,
        _ peer: Peer
    ) throws -> Comparison {
        let (prefix, work) = withoutGradients { countingProducts { backbone.prefix(of: input) } }
        func ours(_ name: String, _ backbone: any Backbone) -> Contestant {
            Contestant(name, least: effort.seconds, work: work) {
                withoutGradients { _ = backbone.prefix(of: input) }
            }
        }
        let transformers = Contestant("transformers, \(dtype)", work: work) {
            try peer.turn("prefill-\(dtype)", least: effort.seconds)
        }
        return try Comparison(
            "\(shape.name): prefill of \(prefix.length) tokens, \(dtype)",
            notes: notes,
            unit: .milliseconds,
            rounds: effort.rounds,
            dtype: dtype,
            [ours("FASTer, \(dtype)", backbone), transformers]
                + (quantized.map { [ours("FASTer, 8 bits", $0)] } ?? [])
        ).ratio(0, to: 1, target: "at most 0.9")
    }

    private func blocks(
        _ notes: [String],
        _ dtype: DType,
        _ backbone: any Backbone,
        _ quantized: (any Backbone)?,
        _ input: PrefixInput,
        _ peer: Peer
    ) throws -> Comparison {
        let x = Tensor.zeros([1, Self.block, backbone.width], dtype: dtype)
        let prefix = withoutGradients { backbone.prefix(of: input) }
        let positions = Tensor.arange(0 ..< Self.block, dtype: .float32).unsqueezed(0) + Double(prefix.length)
        func decode(_ backbone: any Backbone, _ cache: inout KeyValueCache) {
            withoutGradients {
                let three = positions.unsqueezed(0).expanded([3, -1, -1])
                let own = shape == .qwen25vl ? three : positions
                _ = backbone.decode(x, positions: own, cache: &cache, mask: nil)
            }
            cache.forget(Self.block)
        }
        var cache = withoutGradients { KeyValueCache(prefix, roomFor: Self.block) }
        let work = countingProducts { decode(backbone, &cache) }.1
        func ours(_ name: String, _ backbone: any Backbone) -> Contestant {
            Contestant(name, least: effort.seconds, work: name.hasSuffix("8 bits") ? nil : work) {
                decode(backbone, &cache)
            }
        }
        func transformers(_ name: String, _ call: String) -> Contestant {
            Contestant(name, work: work) { try peer.turn(call, least: effort.seconds) }
        }
        let comparison = try Comparison(
            "\(shape.name): a block of \(Self.block) tokens after the prompt, \(dtype)",
            notes: notes,
            unit: .milliseconds,
            rounds: effort.rounds,
            dtype: dtype,
            [
                ours("FASTer, a block", backbone),
                transformers("transformers, a block", "block-\(dtype)"),
                transformers("transformers, \(Self.block) tokens one by one", "tokens-\(dtype)"),
            ] + (quantized.map { [ours("FASTer, a block, 8 bits", $0)] } ?? [])
        ).ratio(0, to: 1, target: "at most 0.7").ratio(0, to: 2)
        return quantized == nil
            ? comparison : comparison.ratio(3, to: 0, target: "at most 0.6").ratio(3, to: 1)
    }

    private func backbone(_ dtype: DType) -> any Backbone {
        withParameters(of: dtype) {
            switch shape {
            case .paligemma: PaliGemma(paliGemma, device: .cpu)
            case .qwen25vl: Qwen25VL(qwen, device: .cpu)
            }
        }
    }

    private var paliGemma: PaliGemma.Configuration {
        var configuration = PaliGemma.Configuration.paliGemma3B
        configuration.vision.feedForwardWidth = 4304
        (configuration.layerCount, configuration.vision.layerCount) = layers
        (configuration.vocabularySize, configuration.imageToken) = (Self.vocabulary, Self.vocabulary - 1)
        return configuration
    }

    private var qwen: Qwen25VL.Configuration {
        var configuration = Qwen25VL.Configuration()
        (configuration.language.layerCount, configuration.vision.layerCount) = layers
        (configuration.language.width, configuration.language.feedForwardWidth) = (2048, 11_008)
        (configuration.language.headCount, configuration.language.keyValueHeadCount) = (16, 2)
        configuration.language.epsilon = 1e-6
        configuration.language.vocabularySize = Self.vocabulary
        configuration.language.firstWindowedLayer = configuration.language.layerCount
        configuration.imageToken = Self.vocabulary - 1
        (configuration.vision.width, configuration.vision.feedForwardWidth) = (1280, 3420)
        configuration.vision.outputWidth = 2048
        configuration.vision.fullAttentionLayers = [7, 15, 23, 31].filter {
            $0 < configuration.vision.layerCount
        }
        return configuration
    }

    private var input: PrefixInput {
        let placeholders = [Int](repeating: Self.vocabulary - 1, count: shape == .paligemma ? 256 : 64)
        let tokens = placeholders + (0 ..< Self.words).map { $0 % 100 }
        var input = PrefixInput(
            images: [.randn(shape == .paligemma ? [1, 3, 224, 224] : [256, 1176])],
            tokens: Tensor(tokens, shape: [1, tokens.count])
        )
        if shape == .qwen25vl { input.grids = [ImageGrid(rows: 16, columns: 16)] }
        return input
    }
}
