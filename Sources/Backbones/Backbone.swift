public import NN
public import Torch

// Axes in this folder
//   B  batch      S  prefix tokens      A  heads      E  width of a head

/// Vision-language model that encodes images, instruction and state into a prefix.
///
/// The action expert attends to its keys and values layer by layer, so a backbone runs once per observation, however many
/// action tokens follow (arXiv 2512.04952, action expert; as in pi-0, arXiv 2410.24164).
///
/// As a ``SuffixDecoder`` it continues the prefix by its own weights, for policies without an action expert; only a
/// backbone that ``supportsDecoding`` can.
public protocol Backbone: Module, SuffixDecoder {
    /// Number of transformer layers; the action expert has as many.
    var layerCount: Int { get }

    /// Attention heads of a layer.
    var headCount: Int { get }

    /// Channels of a head.
    var headWidth: Int { get }

    /// Channels of a token.
    var width: Int { get }

    /// True if the backbone can decode suffix slots itself.
    var supportsDecoding: Bool { get }

    /// Encodes images, instruction and state in one forward.
    func prefix(of input: PrefixInput) -> Prefix
}

/// Inputs of a backbone, for a batch of instants.
public struct PrefixInput: Sendable {
    /// One tensor a camera, uint8 `[B, height, width, 3]`, in the order of the contract's cameras.
    public let images: [Tensor]

    /// Text ids of the instructions, int64 `[B, length]`, padded with 0 at the end.
    public let text: Tensor

    /// Bin of every state dimension, int64 `[B, stateDimension]`.
    public let state: Tensor

    /// True for every camera that there is an image of, bool `[B, cameras]`; nil where there are all.
    ///
    /// Nothing attends to the image of another.
    public let hasImage: Tensor?

    /// Creates an input from its parts.
    public init(images: [Tensor], text: Tensor, state: Tensor, hasImage: Tensor? = nil) {
        self.images = images
        self.text = text
        self.state = state
        self.hasImage = hasImage
    }
}

/// Keys and values of a backbone's tokens: the beginning of the KV cache.
public struct Prefix: Sendable {
    /// Keys of every layer, `[B, A, S, E]`.
    public let keys: [Tensor]

    /// Values of every layer, `[B, A, S, E]`.
    public let values: [Tensor]

    /// Padding mask, true for real tokens, bool `[B, 1, 1, S]`; nil without padding.
    public let mask: Tensor?

    /// Rotary position of the first token after the prefix.
    public let nextPosition: Int

    /// Creates a prefix from its parts.
    public init(keys: [Tensor], values: [Tensor], mask: Tensor?, nextPosition: Int) {
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

    /// Mask of queries that also attend to all of `count` tokens after the prefix, bool `[B, 1, 1, S + count]`; nil attends
    /// to all.
    public func extendedMask(by count: Int) -> Tensor? {
        guard let mask else { return nil }
        let open = Tensor.ones([mask.size(0), 1, 1, count], dtype: .bool, device: mask.device)
        return Tensor.concatenated([mask, open], axis: 3)
    }
}
