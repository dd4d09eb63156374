public import Foundation
public import NN
public import Support
public import Torch

/// Network that turns images into maps of features, trained on other images beforehand: the first five stages of EfficientNet-Lite0.
///
/// One network reads the images of all cameras. Images are enlarged by bilinear interpolation between centres of pixels, in
/// floating point, so that small objects have as many pixels as the network knows from its training.
public struct ImageEncoder: Module {
    /// Settings of an ``ImageEncoder``.
    public struct Configuration: Codable, Equatable, Sendable, Validatable {
        /// Architecture.
        public var network = Network.efficientNetLite0

        /// Rows and columns of the enlarged image for each one of the camera's.
        public var scale = 2

        /// Number of blocks, from the last one back, that are trained with the policy; the others stay as they are.
        public var trainedBlocks = 0

        /// The defaults: a frozen encoder of images of about 96 x 96.
        public init() {}

        /// Pixels of the camera's image from one cell of the map to the next.
        public var pixelsPerCell: Int { ImageEncoder.stride / scale }

        /// Checks that there is such an encoder.
        public func validate() throws(InvalidValue) {
            try Validation.require([1, 2, 4].contains(scale), "scale", "1, 2 or 4", found: scale)
            try Validation.require(["trainedBlocks": trainedBlocks], in: 0 ... ImageEncoder.blockCount)
        }
    }

    /// Architecture of an encoder.
    public enum Network: String, NamedChoice {
        /// ``EfficientNetLite``.
        case efficientNetLite0 = "efficientnet-lite0"
    }

    /// Pixels of the enlarged image from one cell of the map to the next.
    public static let stride = 16

    /// Channels of a cell.
    public static let channels = 112

    /// Number of blocks after the stem.
    public static let blockCount = 11

    private static let stageCount = 5

    /// Images at a time on a CPU, whose caches hold the maps of so many.
    private static let batchOnCPU = 4

    /// Settings.
    public let configuration: Configuration

    private let network: EfficientNetLite

    /// Creates an encoder with random weights from libtorch's generator.
    public init(_ configuration: Configuration, device: Device) {
        self.configuration = configuration
        network = EfficientNetLite(stageCount: Self.stageCount, device: device)
        network.stem.freeze()
        for block in network.blocks.dropLast(configuration.trainedBlocks) { block.freeze() }
    }

    /// Fills the network with pretrained weights: ``EfficientNetLite/load(from:)``.
    ///
    /// - Throws: `CheckpointError` and `SafetensorsError`.
    public func load(from file: URL) throws { try network.load(from: file) }

    /// True if nothing of it is trained, so that the features of an image stay the same.
    public var isFrozen: Bool { configuration.trainedBlocks == 0 }

    /// Features of `images`, uint8 `[B, height, width, 3]`: `[B, rows, columns, channels]`.
    ///
    /// Those of a frozen encoder are in half precision, in which trainings keep them, so that a policy is served what it was trained
    /// on.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        let count = images.size(0)
        guard images.device == .cpu, count > Self.batchOnCPU else { return features(of: images) }
        let parts = Swift.stride(from: 0, to: count, by: Self.batchOnCPU).map { start in
            let size = min(Self.batchOnCPU, count - start)
            return features(of: images.narrowed(0, from: start, count: size))
        }
        return .concatenated(parts, axis: 0)
    }

    private func features(of images: Tensor) -> Tensor {
        let scale = configuration.scale
        // An image's channels come last in memory, and stay so.
        var x = EfficientNetLite.normalized(images.permuted(0, 3, 1, 2).to(.float32))
        if scale > 1 { x = x.enlarged(rows: scale * x.size(2), columns: scale * x.size(3)) }
        let map = network.features(x).permuted(0, 2, 3, 1)
        return isFrozen ? map.to(.float16) : map
    }
}
