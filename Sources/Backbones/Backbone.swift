public import NN
public import Torch

// Axes in this folder
//   B  batch      L, S  tokens of a forward, of a prefix      A  heads      G  key and value heads      E  width of a head

/// Vision-language model that encodes images, instruction and state into a prefix.
///
/// The action expert attends to its keys and values layer by layer, so a backbone runs once per observation, however many
/// action tokens follow (arXiv 2512.04952, action expert; as in pi-0, arXiv 2410.24164). Its layers are of the backbone's
/// kind, narrower.
///
/// As a ``SuffixDecoder`` it continues the prefix by its own weights, for policies without an action expert; only a
/// backbone that ``supportsDecoding`` can.
public protocol Backbone: Module, SuffixDecoder, PrefixEncoder {
    /// Architecture of every transformer layer that a suffix attends to, in the order of the forward.
    var layerConfigurations: [TransformerLayer.Configuration] { get }

    /// Rotary positions of every layer.
    var rotary: RotaryPositions { get }

    /// True if the backbone can decode suffix slots itself.
    var supportsDecoding: Bool { get }
}

/// Encoder of observations: a backbone, or a faster form of one.
public protocol PrefixEncoder: Sendable {
    /// Encodes images, instruction and state in one forward.
    func prefix(of input: PrefixInput) -> Prefix
}

extension Backbone {
    /// Number of transformer layers; the action expert has as many.
    public var layerCount: Int { layerConfigurations.count }

    /// Channels of a token.
    public var width: Int { layerConfigurations[0].width }
}

/// Keys and values of a backbone's tokens: the beginning of the KV cache.
public struct Prefix: Sendable {
    /// Keys of every layer, `[B, G, S, E]`.
    public let keys: [Tensor]

    /// Values of every layer, `[B, G, S, E]`.
    public let values: [Tensor]

    /// Padding mask, true for real tokens, bool `[B, 1, 1, S]`; nil without padding.
    public let mask: Tensor?

    /// Rotary position of the first token after the prefix, `[B]`, or `[1]` where it is the same for all.
    ///
    /// Action tokens have one position each, also after tokens that have several: multimodal positions of text are equal.
    public let nextPosition: Tensor

    /// Creates a prefix from its parts.
    public init(keys: [Tensor], values: [Tensor], mask: Tensor?, nextPosition: Tensor) {
        self.keys = keys
        self.values = values
        self.mask = mask
        self.nextPosition = nextPosition
    }

    /// Number of elements of the batch.
    public var batch: Int { keys[0].size(0) }

    /// Number of prefix tokens, padding included.
    public var length: Int { keys[0].size(2) }

    /// Device of keys and values.
    public var device: Device { keys[0].device }

    /// The same prefix, through which no gradient flows: the action loss leaves the backbone alone (knowledge insulation,
    /// arXiv 2505.23705).
    public func detached() -> Prefix {
        Prefix(
            keys: keys.map { $0.detached() },
            values: values.map { $0.detached() },
            mask: mask,
            nextPosition: nextPosition
        )
    }

    /// Mask of queries that also attend to all of `count` tokens after the prefix, bool `[B, 1, 1, S + count]`; nil attends
    /// to all.
    public func extendedMask(by count: Int) -> Tensor? {
        guard let mask else { return nil }
        let open = Tensor.ones([mask.size(0), 1, 1, count], dtype: .bool, device: mask.device)
        return Tensor.concatenated([mask, open], axis: 3)
    }
}
