public import Torch

/// Observations as inputs of a backbone: words to tokens, images to pixels, the state to tokens or to a part of the prompt.
///
/// Every backbone brings its own, which travels with the policy: training and inference read through the same one. Tokens
/// and tiles of images are made ahead of the forward, in host memory; everything else of a whole batch, on the network's device.
public protocol InputProcessor: Sendable {
    /// Size of every camera's image, in the order of the contract; images of other sizes are scaled before.
    var imageSizes: [ImageSize] { get }

    /// Number of bins of a state value over [-1, 1].
    var stateBins: Int { get }

    /// Tokens of an observation: of a pretrained backbone its whole prompt, image placeholders included.
    ///
    /// - Parameters:
    ///   - instruction: The instruction.
    ///   - state: Bin of every state value, in `0 ..< stateBins`.
    /// - Returns: Token ids.
    /// - Throws: ``PromptError`` for words that the network cannot read; the errors of text tokenizers.
    func tokens(instruction: String, state: [Int]) throws -> [Int]

    /// Images of a camera as an ``ObservationBatch`` holds them: scaled, and cut into tiles, where the backbone has an image processor
    /// of its own.
    ///
    /// - Parameters:
    ///   - images: Images `[B, height, width, 3]` in the camera's size.
    ///   - camera: Position of the camera.
    /// - Returns: Tiles `[B, tiles, height, width, 3]`.
    func tiles(of images: [UInt8], camera: Int) -> [UInt8]

    /// Encodes a batch.
    ///
    /// - Parameters:
    ///   - observations: Observations in host memory.
    ///   - device: Device of the tensors.
    /// - Returns: The backbone's input.
    func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput
}

extension InputProcessor {
    /// The images as they are.
    public func tiles(of images: [UInt8], camera _: Int) -> [UInt8] { images }
}

/// Rows and columns of pixels.
public struct ImageSize: Codable, Equatable, Sendable {
    /// Rows.
    public var height: Int

    /// Columns.
    public var width: Int

    /// Describes a size.
    public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }
}

/// A batch of observations in host memory, for an ``InputProcessor``.
public struct ObservationBatch: Sendable {
    /// Images of every camera, `[B, height, width, 3]`, row-major, or the tiles that the processor makes of them; black ones where
    /// there is none.
    public var images: [[UInt8]]

    /// True for every example and camera that there is an image of, `[B, cameras]`.
    public var hasImage: [Bool]

    /// Tokens of every example.
    public var tokens: [[Int]]

    /// Length that shorter rows of tokens are padded to, at least; longer ones are kept.
    public var tokenCount: Int

    /// Bins of states, `[B, stateDimension]`.
    public var state: [Int]

    /// Creates a batch from its parts.
    public init(images: [[UInt8]], hasImage: [Bool], tokens: [[Int]], tokenCount: Int = 1, state: [Int]) {
        (self.images, self.hasImage) = (images, hasImage)
        (self.tokens, self.tokenCount, self.state) = (tokens, tokenCount, state)
    }

    /// The observations of `parts`, at least one, one after the other.
    public init(joining parts: [ObservationBatch]) {
        self.init(
            images: parts[0].images.indices.map { camera in parts.flatMap { $0.images[camera] } },
            hasImage: parts.flatMap(\.hasImage),
            tokens: parts.flatMap(\.tokens),
            tokenCount: parts.reduce(1) { max($0, $1.tokenCount) },
            state: parts.flatMap(\.state)
        )
    }

    /// Number of observations.
    public var count: Int { tokens.count }
}

extension ObservationBatch {
    /// Images of every camera, uint8 `[B, height, width, 3]`.
    func images(_ sizes: [ImageSize], on device: Device) -> [Tensor] {
        zip(images, sizes).map { Tensor($0, shape: [count, $1.height, $1.width, 3], device: device) }
    }

    /// Masks of cameras with an image, bool `[B, cameras]`; nil where all have one.
    private func imageMask(on device: Device) -> Tensor? {
        hasImage.contains(false)
            ? Tensor(hasImage, shape: [count, hasImage.count / count], device: device) : nil
    }

    /// Prompts with their images, of tokens that are padded with `padding` at the end to rows of one length; without a mask of
    /// them unless they are `masked`.
    func input(_ images: [Tensor], padding: Int, masked: Bool = true, on device: Device) -> PrefixInput {
        let length = tokens.reduce(max(1, tokenCount)) { max($0, $1.count) }
        let rows = tokens.flatMap { $0 + Array(repeating: padding, count: length - $0.count) }
        let isReal = tokens.flatMap { row in (0 ..< length).map { $0 < row.count } }
        let isPadded = masked && isReal.contains(false)
        var input = PrefixInput(
            images: images,
            tokens: Tensor(rows, shape: [count, length], device: device),
            tokenMask: isPadded ? Tensor(isReal, shape: [count, length], device: device) : nil,
            hasImage: imageMask(on: device)
        )
        input.prompts = HostPrompts(
            tokens: rows,
            isReal: isPadded ? isReal : nil,
            hasImage: hasImage.contains(false) ? hasImage : nil
        )
        return input
    }
}
