package import Foundation
package import ImageProcessing
internal import RobotTypes
package import Torch

// Axes in this file
//   B  batch      T  tiles of an image

/// The images of a robot's cameras as a vision encoder reads them: tiles of bytes in host memory, normalized on the device.
///
/// The cameras' sizes are constant, and so are number and size of the tiles, and the length of the prompt.
public struct CameraImages: Sendable {
    /// Size of every camera's image, in which it arrives.
    package let sizes: [ImageSize]

    /// Tiles of every camera's image.
    package let tilings: [Tiling]

    /// Placeholders of every camera's image, with what stands around them.
    package let placeholders: [String]

    /// Number of placeholders of all cameras.
    package let tokenCount: Int

    private let processor: any ImageProcessor
    /// True for images that arrive as the vision encoder reads them.
    private let isWhole: Bool
    private let normalization: PixelNormalization

    /// The images of cameras, by `processor`.
    ///
    /// - Parameters:
    ///   - sizes: Size of every camera's image.
    ///   - processor: What makes tiles of them.
    ///   - isWhole: True for images that arrive as the vision encoder reads them, of which `processor` makes nothing else.
    ///   - folder: Folder of the published model, with the normalization.
    ///   - standard: Normalization where the folder says nothing.
    /// - Throws: `ImageProcessingError` for sizes that the model cannot read; ``PretrainedError`` for a normalization that is none.
    package init(
        _ sizes: [ImageSize],
        _ processor: any ImageProcessor,
        isWhole: Bool = false,
        folder: URL,
        default standard: PixelNormalization
    ) throws {
        (self.sizes, self.processor, self.isWhole) = (sizes, processor, isWhole)
        let tilings = try sizes.map { try processor.tiling(height: $0.height, width: $0.width) }
        placeholders = tilings.map { processor.placeholder(of: $0) }
        tokenCount = tilings.reduce(0) { $0 + processor.tokenCount(of: $1) }
        normalization = try PixelNormalization(of: folder, default: standard)
        self.tilings = tilings
    }

    /// Tiles of images of a camera, bytes `[B, T, height, width, 3]`, of images `[B, height, width, 3]` in its size.
    package func tiles(of images: [UInt8], camera: Int) -> [UInt8] {
        guard !isWhole else { return images }
        let (size, tiling) = (sizes[camera], tilings[camera])
        let count = size.height * size.width * 3
        var bytes: [UInt8] = []
        bytes.reserveCapacity(images.count / count * tiling.count * tiling.height * tiling.width * 3)
        for start in stride(from: 0, to: images.count, by: count) {
            let pixels = Array(images[start ..< start + count])
            let image = Image(width: size.width, height: size.height, pixels: pixels)
            do { for tile in try processor.tiles(of: image) { bytes += tile.pixels } } catch {
                preconditionFailure("the processor has read a camera's size: \(error)")
            }
        }
        return bytes
    }

    /// Normalized pixels of every camera: `[B, 3, height, width]`, or `[B, T, 3, height, width]` of one whose images are cut.
    ///
    /// - Parameters:
    ///   - tiles: Tiles of every camera's images.
    ///   - device: Device of the tensors.
    /// - Returns: A tensor a camera.
    package func pixels(of tiles: [[UInt8]], on device: Device) -> [Tensor] {
        let mean = Tensor(normalization.mean, shape: [1, 3, 1, 1], device: device)
        let deviation = Tensor(normalization.deviation, shape: [1, 3, 1, 1], device: device)
        return zip(tiles, tilings).map { bytes, tiling in
            let (height, width) = (tiling.height, tiling.width)
            let count = bytes.count / (height * width * 3)
            let images = Tensor(bytes, shape: [count, height, width, 3], device: device)
            let pixels = (images.permuted(0, 3, 1, 2).to(.float32) / 255 - mean) / deviation
            return tiling.count == 1 ? pixels : pixels.reshaped(-1, tiling.count, 3, height, width)
        }
    }
}

extension CameraImages {
    /// The images of a robot's cameras by the image processor of a published model.
    ///
    /// - Parameters:
    ///   - folder: Folder of the model.
    ///   - settings: The robot's cameras, and whether the folder's own processor scales their images.
    ///   - side: Rows and columns of the vision encoder's images.
    ///   - standard: Normalization where the folder says nothing.
    ///   - whole: Processor of images of that size.
    ///   - published: Reads the folder's own processor.
    /// - Throws: `ImageProcessingError` for settings or sizes that cannot be used; ``PretrainedError`` for a normalization that is
    ///   none.
    init(
        _ folder: URL,
        _ settings: ProcessorSettings,
        side: Int,
        default standard: PixelNormalization,
        whole: any ImageProcessor,
        published: (URL) throws -> any ImageProcessor
    ) throws {
        guard let sizes = settings.recordedSizes else {
            let size = ImageSize(height: side, width: side)
            let sizes = Array(repeating: size, count: settings.cameraCount)
            try self.init(sizes, whole, isWhole: true, folder: folder, default: standard)
            return
        }
        try self.init(sizes, published(folder), folder: folder, default: standard)
    }

    /// Requires tiles of the one size that a vision encoder reads.
    ///
    /// - Throws: ``PretrainedError`` for a folder whose image processor is not the network's.
    func requireTiles(side: Int, folder: URL) throws(PretrainedError) {
        guard let other = tilings.first(where: { ($0.height, $0.width) != (side, side) }) else { return }
        throw PretrainedError(
            file: folder.path,
            reason:
                "the image processor's images should be \(side) x \(side) pixels, as the vision encoder reads them, found "
                + "\(other.height) x \(other.width)"
        )
    }
}
