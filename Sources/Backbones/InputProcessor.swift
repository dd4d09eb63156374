public import Torch

/// Observations as inputs of a backbone: words to tokens, images to pixels, the state to tokens or to a part of the prompt.
///
/// Every backbone brings its own, which travels with the policy: training and inference read through the same one.
public protocol InputProcessor: Sendable {
    /// Number of bins of a state value over [-1, 1].
    var stateBins: Int { get }

    /// Size of every camera's image, in the order of the contract; images of other sizes are scaled before.
    var imageSizes: [ImageSize] { get }

    /// Encodes a batch.
    ///
    /// - Parameters:
    ///   - observations: Observations in host memory.
    ///   - device: Device of the tensors.
    /// - Returns: The backbone's input.
    /// - Throws: The errors of its text tokenizer.
    func callAsFunction(_ observations: ObservationBatch, device: Device) throws -> PrefixInput
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

/// A batch of observations in host memory.
public struct ObservationBatch: Sendable {
    /// Images of every camera, `[B, height, width, 3]`, row-major; black ones where there is none.
    public var images: [[UInt8]]

    /// True for every example and camera that there is an image of, `[B, cameras]`.
    public var hasImage: [Bool]

    /// Instructions, `[B]`.
    public var instructions: [String]

    /// State bins, `[B, stateDimension]`.
    public var state: [Int]

    /// Creates a batch from its parts.
    public init(images: [[UInt8]], hasImage: [Bool], instructions: [String], state: [Int]) {
        (self.images, self.hasImage) = (images, hasImage)
        (self.instructions, self.state) = (instructions, state)
    }
}

extension ObservationBatch {
    /// Masks of cameras with an image, bool `[B, cameras]`; nil where all have one.
    func imageMask(on device: Device) -> Tensor? {
        hasImage.contains(false)
            ? Tensor(hasImage, shape: [instructions.count, images.count], device: device) : nil
    }
}

extension [[Int]] {
    /// Rows of one length, padded with `value` at the end, int64 `[B, length]`, and the mask of what is real, bool; nil
    /// without padding.
    func padded(with value: Int, on device: Device) -> (tokens: Tensor, mask: Tensor?) {
        let length = Swift.max(1, map(\.count).max() ?? 1)
        let rows: [Int] = flatMap { row in row + [Int](repeating: value, count: length - row.count) }
        let isReal: [Bool] = flatMap { row in (0 ..< length).map { $0 < row.count } }
        return (
            Tensor(rows, shape: [count, length], device: device),
            isReal.contains(false) ? Tensor(isReal, shape: [count, length], device: device) : nil
        )
    }
}
