public import Torch

/// Inputs of a backbone, for a batch of instants, as its ``InputProcessor`` makes them.
public struct PrefixInput: Sendable {
    /// Token ids of the prompt, int64 `[B, L]`, image placeholders included where the backbone has them.
    public var tokens: Tensor { didSet { prompts = nil } }

    /// True for real tokens, bool `[B, L]`; nil without padding.
    public var tokenMask: Tensor? { didSet { prompts = nil } }

    /// True for text after the prompt, which sees what came before, bool `[B, L]`; nil for prompts alone.
    public var isSuffix: Tensor?

    /// Images, in the order of the contract's cameras.
    ///
    /// The compact backbone reads uint8 `[B, height, width, 3]`, one tensor a camera; a pretrained one normalized pixels `[B, 3,
    /// height, width]`, or `[B, tiles, 3, height, width]` of images that are cut, or patches.
    public var images: [Tensor]

    /// Features of the images by a frozen ``ImageEncoder``, one tensor a camera, `[B, rows, columns, channels]`; nil where the
    /// backbone is to compute them.
    public var imageFeatures: [Tensor]?

    /// True for every camera that there is an image of, bool `[B, cameras]`; nil where there are all.
    ///
    /// Nothing attends to the image of another.
    public var hasImage: Tensor? { didSet { prompts = nil } }

    /// Rows and columns of patches of every image, in the order of their tokens; empty where all are of one size.
    public var grids: [ImageGrid] = []

    /// Bin of every state dimension, int64 `[B, stateDimension]`, for a backbone that embeds states; nil where the state
    /// is part of the prompt.
    public var state: Tensor?

    /// Values of ``tokens``, ``tokenMask`` and ``hasImage`` in host memory, from which prompts are laid out without waiting for
    /// the device; nil for inputs that are made of tensors, which are read.
    var prompts: HostPrompts?

    /// Creates an input from its parts.
    public init(
        images: [Tensor] = [],
        tokens: Tensor,
        tokenMask: Tensor? = nil,
        state: Tensor? = nil,
        hasImage: Tensor? = nil
    ) {
        self.images = images
        self.tokens = tokens
        self.tokenMask = tokenMask
        self.state = state
        self.hasImage = hasImage
    }
}

/// Token ids of prompts and what is real of them, in host memory.
struct HostPrompts: Sendable {
    /// Token ids, `[B · L]`.
    var tokens: [Int]

    /// True for real tokens, `[B · L]`; nil for all.
    var isReal: [Bool]?

    /// True for cameras that there is an image of, `[B · cameras]`; nil for all.
    var hasImage: [Bool]?
}

extension PrefixInput {
    /// All tensors.
    public var tensors: [Tensor] {
        [tokens] + [tokenMask, isSuffix, hasImage, state].compactMap(\.self) + images + (imageFeatures ?? [])
    }

    /// The prompts in host memory.
    var hostPrompts: HostPrompts {
        prompts
            ?? HostPrompts(
                tokens: tokens.integers,
                isReal: tokenMask.map { $0.values(as: Bool.self) },
                hasImage: hasImage.map { $0.values(as: Bool.self) }
            )
    }
}

/// Rows and columns of an image's patches.
public struct ImageGrid: Equatable, Sendable {
    /// Patches from top to bottom.
    public var rows: Int

    /// Patches from left to right.
    public var columns: Int

    /// Describes a grid.
    public init(rows: Int, columns: Int) { (self.rows, self.columns) = (rows, columns) }
}
