public import NN
public import Torch

// Axes in this folder
//   B  batch      S  prefix tokens      A  heads      E  width of a head

/// A vision-language model that reads what a robot sees and is told.
///
/// The action expert attends to its keys and values layer by layer, so a backbone runs once an
/// observation, whatever number of action codes follows (paper, FASTerVLA 2 and 3).
public protocol Backbone: Module {
    /// Transformer blocks; the action expert has as many.
    var layerCount: Int { get }

    /// Heads of a block.
    var headCount: Int { get }

    /// Channels of a head.
    var headWidth: Int { get }

    /// Channels of a token.
    var width: Int { get }

    /// Whether ``continued(_:positions:cache:mask:)`` may be called.
    var continues: Bool { get }

    /// Reads images, instruction and state in one forward.
    func prefix(of input: PrefixInput) -> Prefix

    /// Features of tokens that follow the prefix, by the backbone's own weights: for policies without an action expert.
    ///
    /// - Parameters:
    ///   - inputs: `[B, L, width]`.
    ///   - positions: Rotary positions, float `[B or 1, L]`.
    ///   - cache: The prefix and earlier tokens; keys and values of these tokens are appended.
    ///   - mask: bool, broadcasts to `[B, 1, L, S + earlier + L]`; nil attends to all.
    /// - Returns: Normalized features, `[B, L, width]`.
    func continued(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?) -> Tensor
}

/// What a backbone reads, for a batch of instants.
public struct PrefixInput: Sendable {
    /// One tensor a camera, uint8 `[B, height, width, 3]`, in the order of the contract's cameras.
    public let images: [Tensor]

    /// Text ids of the instructions, int64 `[B, length]`, padded with 0 at the end.
    public let text: Tensor

    /// Bin of every state dimension, int64 `[B, stateDimension]`.
    public let state: Tensor

    /// Creates an input from its parts.
    public init(images: [Tensor], text: Tensor, state: Tensor) {
        self.images = images
        self.text = text
        self.state = state
    }
}

/// What a backbone made of its input: the prefix of the KV cache.
public struct Prefix: Sendable {
    /// Keys of every layer, `[B, A, S, E]`.
    public let keys: [Tensor]

    /// Values of every layer, `[B, A, S, E]`.
    public let values: [Tensor]

    /// Which prefix tokens are real, bool `[B, 1, 1, S]`; nil where all are.
    public let mask: Tensor?

    /// The rotary position that follows the prefix.
    public let nextPosition: Int

    /// Where things are by the backbone's estimate; nil where it makes none.
    public let sight: Sight?

    /// Creates a prefix from its parts.
    public init(
        keys: [Tensor],
        values: [Tensor],
        mask: Tensor?,
        nextPosition: Int,
        sight: Sight? = nil
    ) {
        self.keys = keys
        self.values = values
        self.mask = mask
        self.nextPosition = nextPosition
        self.sight = sight
    }

    /// The mask of queries that also see all of `count` tokens after the prefix, bool `[B, 1, 1, S + count]`; nil attends to
    /// all.
    public func extendedMask(by count: Int) -> Tensor? {
        guard let mask else { return nil }
        let open = Tensor.ones([mask.size(0), 1, 1, count], dtype: .bool, device: mask.device)
        return Tensor.concatenated([mask, open], axis: 3)
    }
}

/// Where a backbone sees things.
public struct Sight: Sendable {
    /// The estimate, normalised, float32 `[B, M]`.
    public let environmentState: Tensor

    /// Of every camera that has keypoints: how much of each keypoint every cell of its map is, float32 `[B, K, cells]`.
    public let shares: [Tensor]
}
