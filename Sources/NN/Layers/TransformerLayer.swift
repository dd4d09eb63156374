public import Torch

// Axes in this file
//   B  batch      L  tokens of this forward      G  key and value heads      E  width of a head

/// Pre-norm transformer layer, of a decoder on top of a KV cache or of an encoder: norm, attention, norm, feed-forward
/// network.
public struct TransformerLayer: Module {
    /// The architecture: the settings in which the layers of vision-language models differ.
    public struct Configuration: Equatable, Sendable {
        /// Channels of a token.
        public var width: Int

        /// Attention.
        public var attention: SelfAttention.Configuration

        /// Feed-forward network.
        public var feedForward: FeedForward.Configuration

        /// Norms before attention and feed-forward network.
        public var norm: NormKind

        /// True for further norms at the end of both branches, as in Gemma 2.
        public var normalizesBranches = false

        /// True for trained scales of both branches (LayerScale, arXiv 2103.17239).
        public var scalesBranches = false

        /// Number of newest tokens that a token attends to, itself included; nil for all.
        public var slidingWindow: Int?

        /// Describes a layer of `width` channels.
        public init(
            width: Int,
            attention: SelfAttention.Configuration,
            feedForward: FeedForward.Configuration,
            norm: NormKind
        ) {
            (self.width, self.attention, self.feedForward, self.norm) = (width, attention, feedForward, norm)
        }

        /// The same layer with another number of channels, and heads of the same size, so that it can attend to this one's
        /// keys and values.
        ///
        /// - Parameters:
        ///   - width: Channels of a token.
        ///   - hidden: Channels of the feed-forward network; nil keeps their ratio to those of a token.
        /// - Returns: The layer.
        public func narrowed(to width: Int, hidden: Int? = nil) -> Configuration {
            var narrow = self
            narrow.width = width
            narrow.feedForward.hidden = hidden ?? feedForward.hidden * width / self.width
            return narrow
        }
    }

    /// The architecture.
    public let configuration: Configuration

    /// Before attention.
    public let attentionNorm: any Norm

    /// Attention.
    public let attention: SelfAttention

    /// At the end of the attention's branch.
    public let attentionOutputNorm: (any Norm)?

    /// Scale of the attention's branch, `[width]`.
    @Parameter public var attentionScale: Tensor?

    /// Before the feed-forward network.
    public let feedForwardNorm: any Norm

    /// Feed-forward network.
    public let feedForward: FeedForward

    /// At the end of the feed-forward network's branch.
    public let feedForwardOutputNorm: (any Norm)?

    /// Scale of the feed-forward network's branch, `[width]`.
    @Parameter public var feedForwardScale: Tensor?

    /// Creates a layer with random weights.
    ///
    /// - Parameters:
    ///   - configuration: The architecture.
    ///   - layerCount: Number of layers of the whole network, which scales the initial residual branches (GPT-2).
    ///   - device: Device of the parameters.
    public init(_ configuration: Configuration, layerCount: Int, device: Device) {
        let gain = 1 / Double(2 * layerCount).squareRoot()
        let width = configuration.width
        func norm() -> any Norm { configuration.norm.makeNorm(width, device: device) }
        func scale() -> Tensor? {
            configuration.scalesBranches
                ? Tensor.constantParameter([width], 0.1, device: device).requiringGradient() : nil
        }
        self.configuration = configuration
        attentionNorm = norm()
        attention = SelfAttention(width, configuration.attention, gain: gain, device: device)
        attentionOutputNorm = configuration.normalizesBranches ? norm() : nil
        _attentionScale = Parameter(wrappedValue: scale())
        feedForwardNorm = norm()
        feedForward = FeedForward(width, configuration.feedForward, gain: gain, device: device)
        feedForwardOutputNorm = configuration.normalizesBranches ? norm() : nil
        _feedForwardScale = Parameter(wrappedValue: scale())
    }

    /// One forward of a few tokens.
    ///
    /// - Parameters:
    ///   - x: `[B, L, width]`.
    ///   - angles: Rotary angles of the tokens; nil for position 0.
    ///   - mask: bool, broadcasts to `[B, 1, L, keys]`; nil attends to all.
    ///   - cached: Takes the tokens' keys and values, `[B, G, L, E]`, and returns all that they attend to.
    /// - Returns: `[B, L, width]`.
    public func callAsFunction(
        _ x: Tensor,
        angles: RotaryAngles? = nil,
        mask: Tensor? = nil,
        cached: (_ key: Tensor, _ value: Tensor) -> (key: Tensor, value: Tensor) = { ($0, $1) }
    ) -> Tensor {
        let heads = attention.heads(attentionNorm(x), angles: angles)
        let (key, value) = cached(heads.key, heads.value)
        let read = attention.attend(heads.query, key: key, value: value, mask: mask)
        let y = x + Self.branch(read, attentionOutputNorm, attentionScale)
        return y + Self.branch(feedForward(feedForwardNorm(y)), feedForwardOutputNorm, feedForwardScale)
    }

    /// One forward of a few tokens whose activations are computed again in the backward pass, under
    /// ``withGradientCheckpointing(_:_:)``.
    ///
    /// - Parameters:
    ///   - x: `[B, L, width]`.
    ///   - angles: Rotary angles of the tokens; nil for position 0.
    ///   - mask: bool, broadcasts to `[B, 1, L, S + L]`; nil attends to all.
    ///   - earlier: Keys and values of earlier tokens, `[B, G, S, E]`; nil for none.
    /// - Returns: `[B, L, width]`, and the tokens' own keys and values.
    public func checkpointed(
        _ x: Tensor,
        angles: RotaryAngles? = nil,
        mask: Tensor? = nil,
        earlier: (key: Tensor, value: Tensor)? = nil
    ) -> (output: Tensor, key: Tensor, value: Tensor) {
        let inputs = [x] + (earlier.map { [$0.key, $0.value] } ?? [])
        let outputs = GradientCheckpointing.run(inputs, outputCount: 3) { inputs in
            var own: [Tensor] = []
            let output = callAsFunction(inputs[0], angles: angles, mask: mask) { key, value in
                own = [key, value]
                guard inputs.count == 3 else { return (key, value) }
                return (
                    .concatenated([inputs[1], key.to(inputs[1].dtype)], axis: 2),
                    .concatenated([inputs[2], value.to(inputs[2].dtype)], axis: 2)
                )
            }
            return [output] + own
        }
        return (outputs[0], outputs[1], outputs[2])
    }

    /// The end of a residual branch, `[B, L, width]`.
    private static func branch(_ x: Tensor, _ norm: (any Norm)?, _ scale: Tensor?) -> Tensor {
        let normalized = norm?(x) ?? x
        return scale.map { normalized * $0 } ?? normalized
    }

    /// Keys and values of tokens `x`, `[B, L, width]`, which nothing but later layers' readers need: each `[B, G, L, E]`.
    public func keysAndValues(_ x: Tensor, angles: RotaryAngles?) -> (key: Tensor, value: Tensor) {
        let heads = attention.heads(attentionNorm(x), angles: angles)
        return (heads.key, heads.value)
    }
}
