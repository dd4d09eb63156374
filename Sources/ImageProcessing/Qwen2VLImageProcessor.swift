public import Foundation
public import RobotTypes

/// Images of Qwen2-VL and Qwen2.5-VL: scaled to multiples of a token's width, to be cut into patches.
///
/// Source: `Qwen2VLImageProcessor` of `transformers`, with Pillow as the back end.
public struct Qwen2VLImageProcessor: ImageProcessor, Equatable {
    /// Sides of a patch, in pixels.
    public let patchSize: Int

    /// Number of times that an image, which has no other moments, stands in a patch.
    public let temporalPatchSize: Int

    /// Sides of the square of patches that becomes one token.
    public let mergeSize: Int

    /// Pixels that a scaled image has at least.
    public var minimumPixels: Int

    /// Pixels that a scaled image has at most.
    public var maximumPixels: Int

    private let filter: ResamplingFilter

    /// Describes a processor of images whose sides are multiples of a token's already.
    public init(patchSize: Int, temporalPatchSize: Int, mergeSize: Int) {
        (self.patchSize, self.temporalPatchSize, self.mergeSize) = (patchSize, temporalPatchSize, mergeSize)
        (minimumPixels, maximumPixels, filter) = (1, 1 << 30, .bicubic)
    }

    /// Reads the processor of a model's folder.
    ///
    /// - Throws: ``ImageProcessingError`` that names file and key.
    public init(folder: URL) throws(ImageProcessingError) {
        let files = try ImageProcessorFiles(folder: folder)
        let settings = files.settings
        try files.requireResizing()
        patchSize = try files.positive("patch_size", settings.patchSize, default: 14)
        temporalPatchSize = try files.positive("temporal_patch_size", settings.temporalPatchSize, default: 2)
        mergeSize = try files.positive("merge_size", settings.mergeSize, default: 2)
        minimumPixels = try files.positive(
            "min_pixels",
            settings.minimumPixels ?? settings.size?.shortestEdge,
            default: 56 * 56
        )
        maximumPixels = try files.positive(
            "max_pixels",
            settings.maximumPixels ?? settings.size?.longestEdge,
            default: 28 * 28 * 1280
        )
        filter = try files.filter(default: .bicubic)
    }

    /// Rows and columns of pixels of an image once it is scaled.
    ///
    /// Sides are rounded to multiples of a token's, half to even; of an image that is too large or too small both are scaled
    /// first.
    ///
    /// - Throws: ``ImageProcessingError`` for an image that is more than 200 times as long as wide.
    public func scaledSize(
        height: Int,
        width: Int
    ) throws(ImageProcessingError) -> (height: Int, width: Int) {
        guard max(height, width) <= 200 * min(height, width) else {
            throw ImageProcessingError(
                "image: expected sides with a ratio of 200 at most, found \(width) x \(height) pixels"
            )
        }
        let factor = Double(patchSize * mergeSize)
        func rounded(_ side: Int, _ rule: FloatingPointRoundingRule, _ scale: Double = 1) -> Int {
            Int((Double(side) * scale / factor).rounded(rule) * factor)
        }
        let nearest = (rounded(height, .toNearestOrEven), rounded(width, .toNearestOrEven))
        let pixels = Double(height * width)
        if nearest.0 * nearest.1 > maximumPixels {
            let beta = (pixels / Double(maximumPixels)).squareRoot()
            func lowered(_ side: Int) -> Int {
                max(Int(factor), Int((Double(side) / beta / factor).rounded(.down) * factor))
            }
            return (lowered(height), lowered(width))
        }
        if nearest.0 * nearest.1 < minimumPixels {
            let beta = (Double(minimumPixels) / pixels).squareRoot()
            return (rounded(height, .up, beta), rounded(width, .up, beta))
        }
        return nearest
    }

    /// One tile, whose size depends on the image's.
    ///
    /// - Throws: ``ImageProcessingError`` for an image that is more than 200 times as long as wide.
    public func tiling(height: Int, width: Int) throws(ImageProcessingError) -> Tiling {
        let size = try scaledSize(height: height, width: width)
        return Tiling(height: size.height, width: size.width)
    }

    /// The scaled image.
    ///
    /// - Throws: ``ImageProcessingError`` for an image that is more than 200 times as long as wide.
    public func tiles(of image: Image) throws(ImageProcessingError) -> [Image] {
        let size = try scaledSize(height: image.height, width: image.width)
        return [image.resized(width: size.width, height: size.height, filter: filter)]
    }

    /// Rows and columns of patches.
    public func grid(of tiling: Tiling) -> (rows: Int, columns: Int) {
        (tiling.height / patchSize, tiling.width / patchSize)
    }

    /// Number of tokens of an image.
    public func tokenCount(of tiling: Tiling) -> Int {
        let grid = grid(of: tiling)
        return grid.rows * grid.columns / (mergeSize * mergeSize)
    }

    /// Placeholders of an image in a prompt.
    public func placeholder(of tiling: Tiling) -> String {
        "<|vision_start|>" + String(repeating: "<|image_pad|>", count: tokenCount(of: tiling))
            + "<|vision_end|>"
    }
}
