public import NN
public import Torch

/// Small vision-language transformer, trained from scratch, whose prefix takes milliseconds on a CPU; a pretrained
/// ``ImageEncoder`` may see for it.
///
/// Tokens of all cameras, the instruction and the state attend to each other bidirectionally. Prefix tokens have learned
/// position embeddings; all of their keys lie at rotary position 0, before the action tokens.
public struct CompactBackbone: Backbone {
    /// The architecture.
    public let configuration: Configuration

    /// The encoder of all cameras' images; nil where image patches are embedded as they are.
    public let imageEncoder: ImageEncoder?

    package let cameras: [CameraTokens]
    package let text: Embedding
    package let textProjection: Linear
    package let state: StateTokens
    package let summary: ImageSummary?
    package let objectPose: ObjectPoseHead?
    @Parameter package var imagePositions: Tensor?
    @Parameter package var textPositions: Tensor
    package let layers: [TransformerLayer]
    /// The last layer of a backbone that does not decode: nothing follows but readers of its keys and values.
    package let lastLayer: KeyValueLayer?
    /// After the last layer of a backbone that decodes.
    private let norm: LayerNorm?
    /// Rotary positions of action tokens; those of the prefix are 0.
    public let rotary: RotaryPositions

    /// Creates a network with random weights from libtorch's generator.
    public init(_ configuration: Configuration, device: Device) {
        self.configuration = configuration
        let (width, headCount) = (configuration.width, configuration.headCount)
        let seen = configuration.isBlind == true ? [] : configuration.cameras
        imageEncoder =
            seen.isEmpty ? nil : configuration.imageEncoder.map { ImageEncoder($0, device: device) }
        cameras = seen.map { CameraTokens($0, configuration, device: device) }
        let bytes = configuration.bytesPerToken
        let byteWidth = width / bytes
        text = Embedding(ByteTokenizer.vocabularySize, byteWidth, standardDeviation: 1, device: device)
        textProjection = Linear(byteWidth * bytes, width, device: device)
        state = StateTokens(configuration, device: device)
        let isSummarized = configuration.summarizesImages == true && !seen.isEmpty
        summary = isSummarized ? ImageSummary(configuration, device: device) : nil
        objectPose = configuration.objectPoseDimension.map { dimension in
            ObjectPoseHead(configuration, dimension: dimension, device: device)
        }
        let imageTokens = seen.reduce(0) { $0 + $1.tokenCount }
        let textTokens = (configuration.longestInstruction + bytes - 1) / bytes
        _imagePositions = Parameter(
            wrappedValue: imageTokens > 0 ? Tensor.randn([imageTokens, width]).to(device) * 0.5 : nil
        )
        _textPositions = Parameter(wrappedValue: Tensor.randn([textTokens, width]).to(device) * 0.5)
        let supportsDecoding = configuration.supportsDecoding
        layers = (0 ..< configuration.layerCount - (supportsDecoding ? 0 : 1)).map { _ in
            TransformerLayer(configuration.layer, layerCount: configuration.layerCount, device: device)
        }
        lastLayer = supportsDecoding ? nil : KeyValueLayer(width, headCount: headCount, device: device)
        norm = supportsDecoding ? LayerNorm(width, device: device) : nil
        rotary = configuration.rotary
    }

    /// True if the last layer is a full one, so that tokens can follow the prefix.
    public var supportsDecoding: Bool { configuration.supportsDecoding }

    /// Architecture of every layer.
    public var layerConfigurations: [TransformerLayer.Configuration] {
        Array(repeating: configuration.layer, count: configuration.layerCount)
    }

    /// Prefix and auxiliary estimates of one forward.
    public struct Output: Sendable {
        /// Keys and values for action tokens.
        public let prefix: Prefix

        /// Estimated object poses; nil for a backbone without that head.
        public let objectPoses: ObjectPoseEstimate?
    }

    /// Encodes images, instruction and state in one forward.
    public func prefix(of input: PrefixInput) -> Prefix { output(for: input).prefix }

    /// Encodes images, instruction and state in one forward, and estimates object poses.
    public func output(for input: PrefixInput) -> Output {
        let (words, wordMask) = textTokens(input)
        let instruction = mean(of: words, wordMask)
        guard let bins = input.state else {
            preconditionFailure("the compact backbone reads the state as bins")
        }
        let inputs = imageEncoder.map { encoder in input.imageFeatures ?? input.images.map { encoder($0) } }
        let views = zip(cameras, inputs ?? input.images).map { $0($1, instruction: instruction) }
        let patches = imagePositions.map { Tensor.concatenated(views.compactMap(\.patches), axis: 1) + $0 }
        let keypoints = views.compactMap(\.keypoints)
        let summary = summary?(views.compactMap(\.flattened), instruction: instruction)
        let estimate = objectPose?(keypoints, summary: summary?.features, instruction: instruction)
        let images =
            [patches].compactMap(\.self) + keypoints.map(\.tokens)
            + [estimate?.tokens, summary?.tokens].compactMap(\.self)
        var x = Tensor.concatenated(images + [words, state(bins)], axis: 1)
        var mask: Tensor?
        if wordMask != nil || input.hasImage != nil {
            let batch = x.size(0)
            func open(_ count: Int) -> Tensor { .ones([batch, count], dtype: .bool, device: x.device) }
            mask = Tensor.concatenated(
                imageMask(input, views, [estimate?.tokens, summary?.tokens].compactMap(\.self), open)
                    + [wordMask ?? open(words.size(1)), open(bins.size(1))],
                axis: 1
            )
            .unsqueezed(1).unsqueezed(1)
        }
        var keys: [Tensor] = []
        var values: [Tensor] = []
        func keep(_ key: Tensor, _ value: Tensor) -> (key: Tensor, value: Tensor) {
            keys.append(key)
            values.append(value)
            return (key, value)
        }
        for layer in layers { x = layer(x, angles: nil, mask: mask, cached: keep) }
        if let lastLayer {
            let heads = lastLayer(x)
            _ = keep(heads.key, heads.value)
        }
        return Output(
            prefix: Prefix(
                keys: keys,
                values: values,
                mask: mask,
                nextPosition: .ones([1], device: x.device)
            ),
            objectPoses: estimate.map {
                ObjectPoseEstimate(values: $0.values, heatmaps: keypoints.map(\.heatmaps))
            }
        )
    }

    /// Masks of the tokens of patches, keypoints and `estimate`, each bool `[B, n]`: false for those of absent images.
    private func imageMask(
        _ input: PrefixInput,
        _ views: [(patches: Tensor?, keypoints: Keypoints.Output?, flattened: Tensor?)],
        _ others: [Tensor],
        _ open: (Int) -> Tensor
    ) -> [Tensor] {
        let patches = views.map { $0.patches?.size(1) ?? 0 }
        let keypoints = views.map { $0.keypoints?.tokens.size(1) ?? 0 }
        let masks = [patches, keypoints].flatMap { counts in
            counts.enumerated().filter { $1 > 0 }.map { camera, count in
                input.hasImage?.narrowed(1, from: camera, count: 1).expanded([-1, count]) ?? open(count)
            }
        }
        return masks + others.map { open($0.size(1)) }
    }

    /// Its layers, if it supports decoding.
    public var stack: DecoderStack? {
        norm.map { DecoderStack(layers: layers, norm: $0, rotary: rotary) }
    }

    /// Features of tokens that follow the prefix, by the same layers: normalized `[B, L, width]`.
    public func decode(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?)
        -> Tensor
    {
        guard let stack else { preconditionFailure("a backbone without a full last layer cannot decode") }
        return stack.decode(inputs, positions: positions, cache: &cache, mask: mask)
    }

    /// Tokens of several bytes each: `[B, n, width]`, and a padding mask, bool `[B, n]` (nil without padding).
    private func textTokens(_ input: PrefixInput) -> (tokens: Tensor, mask: Tensor?) {
        let ids = input.tokens
        let bytes = configuration.bytesPerToken
        let length = min(ids.size(1), configuration.longestInstruction / bytes * bytes)
        let padded = ids.narrowed(1, from: 0, count: length).padded([0, (bytes - length % bytes) % bytes])
        let groups = padded.reshaped(padded.size(0), -1, bytes)
        let embedded = text(groups).reshaped(groups.size(0), groups.size(1), -1)
        let positions = textPositions.narrowed(0, from: 0, count: groups.size(1))
        let (known, row) = (input.hostPrompts.tokens, ids.size(1))
        let isPadded = (0 ..< ids.size(0)).contains { example in
            stride(from: 0, to: length, by: bytes).contains {
                known[example * row + $0] == ByteTokenizer.padding
            }
        }
        let mask = isPadded ? groups.select(2, 0).greater(0) : nil
        return (textProjection(embedded) + positions, mask)
    }

    /// Mean of the text tokens, `[B, width]`, without padding; zero for empty instructions.
    private func mean(of words: Tensor, _ mask: Tensor?) -> Tensor {
        guard let mask else { return words.mean(1) }
        let counted = mask.to(words.dtype).unsqueezed(2)
        return (words * counted).sum(1) / counted.sum(1).clamped(1 ... .infinity)
    }
}

/// Keys and values of a layer without queries.
package struct KeyValueLayer: Module {
    package let norm: LayerNorm
    package let projection: Linear
    package let keyNorm: LayerNorm
    private let headCount: Int

    init(_ width: Int, headCount: Int, device: Device) {
        norm = LayerNorm(width, device: device)
        projection = Linear(width, 2 * width, bias: false, device: device)
        keyNorm = LayerNorm(width / headCount, bias: false, device: device)
        self.headCount = headCount
    }

    /// Keys and values of `x`, `[B, S, width]`: each `[B, A, S, E]`.
    func callAsFunction(_ x: Tensor) -> (key: Tensor, value: Tensor) {
        let parts = projection(norm(x)).reshaped(x.size(0), x.size(1), 2, headCount, -1)
            .permuted(2, 0, 3, 1, 4)
        return (keyNorm(parts.select(0, 0)), parts.select(0, 1))
    }
}
