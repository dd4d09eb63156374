internal import NN
public import Torch

/// A small vision-language transformer, trained from scratch, that answers in milliseconds on a CPU.
///
/// Tokens of all cameras, the instruction and the state attend to each other freely. Positions are learned
/// with the tokens; every key counts as lying at rotary position 0, before the action tokens.
public struct CompactBackbone: Backbone {
    /// The architecture.
    public let configuration: Configuration

    private let cameras: [CameraTokens]
    private let text: Embedding
    private let textProjection: Linear
    private let state: StateTokens
    /// Where things are, where the policy learns to tell.
    private let environment: EnvironmentEstimate?
    @Parameter private var imagePositions: Tensor
    @Parameter private var textPositions: Tensor
    private let blocks: [CompactBlock]
    /// After the last block, where it is whole.
    private let norm: LayerNorm?
    private let rotary: RotaryPositions

    /// Creates the network with first weights from libtorch's generator.
    public init(_ configuration: Configuration, device: Device) {
        self.configuration = configuration
        let width = configuration.width
        cameras = configuration.cameras.map { CameraTokens($0, width: width, device: device) }
        let bytes = configuration.bytesPerToken
        let byteWidth = width / bytes
        text = Embedding(ByteTokenizer.vocabularySize, byteWidth, standardDeviation: 1, device: device)
        textProjection = Linear(byteWidth * bytes, width, device: device)
        state = StateTokens(configuration, device: device)
        environment = configuration.environmentStateDimension.map { dimension in
            EnvironmentEstimate(configuration, dimension: dimension, device: device)
        }
        let imageTokens = configuration.cameras.reduce(0) { $0 + $1.tokenCount }
        let textTokens = (configuration.longestInstruction + bytes - 1) / bytes
        _imagePositions = Parameter(wrappedValue: Tensor.randn([imageTokens, width]).to(device) * 0.5)
        _textPositions = Parameter(wrappedValue: Tensor.randn([textTokens, width]).to(device) * 0.5)
        blocks = (0 ..< configuration.layerCount).map { layer in
            CompactBlock(
                configuration,
                isWhole: configuration.continues || layer < configuration.layerCount - 1,
                device: device
            )
        }
        norm = configuration.continues ? LayerNorm(width, device: device) : nil
        rotary = RotaryPositions(width: width / configuration.headCount)
    }

    /// Channels of a token.
    public var width: Int { configuration.width }

    /// Whether tokens may follow the prefix.
    public var continues: Bool { configuration.continues }

    /// Transformer blocks.
    public var layerCount: Int { configuration.layerCount }

    /// Heads of a block.
    public var headCount: Int { configuration.headCount }

    /// Channels of a head.
    public var headWidth: Int { configuration.width / configuration.headCount }

    /// Reads images, instruction and state in one forward.
    public func prefix(of input: PrefixInput) -> Prefix {
        let (words, wordMask) = textTokens(input.text)
        let instruction = mean(of: words, wordMask)
        let seen = zip(cameras, input.images).map { $0($1, instruction: instruction) }
        let squares = Tensor.concatenated(seen.map(\.squares), axis: 1) + imagePositions
        let found = seen.compactMap(\.keypoints)
        let estimate = environment?(found, instruction: instruction)
        let images = Tensor.concatenated(
            [squares] + found.map(\.tokens) + [estimate?.tokens].compactMap(\.self),
            axis: 1
        )
        var x = Tensor.concatenated([images, words, state(input.state)], axis: 1)
        var mask: Tensor?
        if let wordMask {
            let batch = x.size(0)
            let before = Tensor.ones([batch, images.size(1)], dtype: .bool, device: x.device)
            let after = Tensor.ones([batch, input.state.size(1)], dtype: .bool, device: x.device)
            mask = Tensor.concatenated([before, wordMask, after], axis: 1).unsqueezed(1).unsqueezed(1)
        }
        var keys: [Tensor] = []
        var values: [Tensor] = []
        for block in blocks {
            x = block(x, mask: mask) { key, value in
                keys.append(key)
                values.append(value)
                return (key, value)
            }
        }
        return Prefix(
            keys: keys,
            values: values,
            mask: mask,
            nextPosition: 1,
            sight: estimate.map { Sight(environmentState: $0.values, shares: found.map(\.shares)) }
        )
    }

    /// Features of tokens that follow the prefix, by the same blocks.
    public func continued(
        _ inputs: Tensor,
        positions: Tensor,
        cache: inout KeyValueCache,
        mask: Tensor?
    ) -> Tensor {
        guard let norm else { preconditionFailure("this backbone has no whole last block") }
        let angles = rotary.angles(for: positions)
        var x = inputs
        for (layer, block) in blocks.enumerated() {
            x = block(x, mask: mask, angles: angles) { cache.append(key: $0, value: $1, layer: layer) }
        }
        return norm(x)
    }

    /// Bytes `[B, length]`, grouped: tokens `[B, n, width]`, and which are not all padding, bool `[B, n]` (nil: all).
    private func textTokens(_ ids: Tensor) -> (tokens: Tensor, mask: Tensor?) {
        let bytes = configuration.bytesPerToken
        let length = min(ids.size(1), configuration.longestInstruction / bytes * bytes)
        let padded = ids.narrowed(1, from: 0, count: length).padded([0, (bytes - length % bytes) % bytes])
        let groups = padded.reshaped(padded.size(0), -1, bytes)
        let embedded = text(groups).reshaped(groups.size(0), groups.size(1), -1)
        let positions = textPositions.narrowed(0, from: 0, count: groups.size(1))
        let mask = groups.select(2, 0).greater(0)
        return (textProjection(embedded) + positions, mask.all().item == 1 ? nil : mask)
    }

    /// The mean of the words, `[B, width]`, without padding; zero where there are none.
    private func mean(of words: Tensor, _ mask: Tensor?) -> Tensor {
        guard let mask else { return words.mean(1) }
        let counted = mask.to(words.dtype).unsqueezed(2)
        return (words * counted).sum(1) / counted.sum(1).clamped(1 ... .infinity)
    }
}

/// A pre-norm transformer block that also hands out its keys and values.
///
/// Where nothing follows the last block, only its keys and values are of use, so it has nothing else.
struct CompactBlock: Module {
    private let attentionNorm: LayerNorm
    private let attention: SelfAttention?
    private let keyValue: KeyValueProjection?
    private let feedForwardNorm: LayerNorm?
    private let feedForward: FeedForward?

    init(_ configuration: CompactBackbone.Configuration, isWhole: Bool, device: Device) {
        let width = configuration.width
        let gain = 1 / Double(2 * configuration.layerCount).squareRoot()
        attentionNorm = LayerNorm(width, device: device)
        if isWhole {
            attention = SelfAttention(
                width,
                headCount: configuration.headCount,
                rotary: true,
                gain: gain,
                device: device
            )
            keyValue = nil
            feedForwardNorm = LayerNorm(width, device: device)
            feedForward = FeedForward(width, hidden: 4 * width, gain: gain, device: device)
        } else {
            attention = nil
            keyValue = KeyValueProjection(width, headCount: configuration.headCount, device: device)
            feedForwardNorm = nil
            feedForward = nil
        }
    }

    /// Tokens transformed.
    ///
    /// - Parameters:
    ///   - x: `[B, L, width]`.
    ///   - mask: bool, broadcasts to `[B, 1, L, keys]`; nil attends to all.
    ///   - angles: Of the tokens' rotary positions; nil for position 0.
    ///   - attended: Takes the tokens' keys and values, and returns those that they attend to.
    /// - Returns: `[B, L, width]`.
    func callAsFunction(
        _ x: Tensor,
        mask: Tensor?,
        angles: (cosine: Tensor, sine: Tensor)? = nil,
        attended: (_ key: Tensor, _ value: Tensor) -> (key: Tensor, value: Tensor)
    ) -> Tensor {
        let normalized = attentionNorm(x)
        if let keyValue {
            let heads = keyValue(normalized)
            _ = attended(heads.key, heads.value)
            return x
        }
        guard let attention, let feedForward, let feedForwardNorm else { return x }
        let heads = attention.heads(normalized, angles: angles)
        let (key, value) = attended(heads.key, heads.value)
        let y = x + attention.joined(heads.query.attention(key: key, value: value, mask: mask))
        return y + feedForward(feedForwardNorm(y))
    }
}

/// Keys and values without queries.
struct KeyValueProjection: Module {
    private let projection: Linear
    private let keyNorm: LayerNorm
    private let headCount: Int

    init(_ width: Int, headCount: Int, device: Device) {
        projection = Linear(width, 2 * width, bias: false, device: device)
        keyNorm = LayerNorm(width / headCount, bias: false, device: device)
        self.headCount = headCount
    }

    /// `x`, `[B, S, width]`: keys and values, each `[B, A, S, E]`.
    func callAsFunction(_ x: Tensor) -> (key: Tensor, value: Tensor) {
        let parts = projection(x).reshaped(x.size(0), x.size(1), 2, headCount, -1).permuted(2, 0, 3, 1, 4)
        return (keyNorm(parts.select(0, 0)), parts.select(0, 1))
    }
}
