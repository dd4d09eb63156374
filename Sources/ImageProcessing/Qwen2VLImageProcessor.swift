public import Foundation
public import RobotTypes

/// Images of Qwen2-VL and Qwen2.5-VL: scaled to multiples of a token's width, and cut into patches.
///
/// Source: `Qwen2VLImageProcessor` of `transformers`, with Pillow as the back end.
public struct Qwen2VLImageProcessor: Equatable, Sendable {
    /// The patches of an image.
    public struct Patches: Equatable, Sendable {
        /// Patches `[rows * columns, 3 * temporalPatchSize * patchSize * patchSize]`, in the order of the squares that become one token.
        public let patches: ImageTensor

        /// Patches from top to bottom.
        public let rows: Int

        /// Patches from left to right.
        public let columns: Int
    }

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
    private let normalization: PixelNormalization

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
        normalization = files.normalization(
            mean: PixelStatistics.clipMean,
            deviation: PixelStatistics.clipDeviation
        )
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

    /// The patches of an image.
    ///
    /// - Throws: ``ImageProcessingError`` for an image that is more than 200 times as long as wide.
    public func callAsFunction(_ image: Image) throws(ImageProcessingError) -> Patches {
        let size = try scaledSize(height: image.height, width: image.width)
        let scaled = image.resized(width: size.width, height: size.height, filter: filter)
        let (rows, columns) = (size.height / patchSize, size.width / patchSize)
        let valueCount = 3 * temporalPatchSize * patchSize * patchSize
        var values: [Float] = []
        values.reserveCapacity(rows * columns * valueCount)
        for top in stride(from: 0, to: rows, by: mergeSize) {
            for left in stride(from: 0, to: columns, by: mergeSize) {
                for row in top ..< top + mergeSize {
                    for column in left ..< left + mergeSize {
                        appendPatch(scaled, row, column, to: &values)
                    }
                }
            }
        }
        return Patches(
            patches: ImageTensor(shape: [rows * columns, valueCount], values: values),
            rows: rows,
            columns: columns
        )
    }

    /// Appends a patch, `[3, temporalPatchSize, patchSize, patchSize]`.
    private func appendPatch(_ image: Image, _ row: Int, _ column: Int, to values: inout [Float]) {
        let columns = column * patchSize ..< (column + 1) * patchSize
        let rows = row * patchSize ..< (row + 1) * patchSize
        for channel in 0 ..< 3 {
            for _ in 0 ..< temporalPatchSize {
                normalization.append(image, channel, columns: columns, rows: rows, to: &values)
            }
        }
    }

    /// Number of tokens of an image.
    public func tokenCount(of patches: Patches) -> Int {
        patches.rows * patches.columns / (mergeSize * mergeSize)
    }

    /// Placeholders of an image in a prompt.
    public func placeholder(of patches: Patches) -> String {
        "<|vision_start|>" + String(repeating: "<|image_pad|>", count: tokenCount(of: patches))
            + "<|vision_end|>"
    }
}
