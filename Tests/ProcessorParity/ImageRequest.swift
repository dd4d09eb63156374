internal import Backbones
internal import Foundation
internal import ImageProcessing
internal import RobotTypes
internal import Torch

/// An image, and the folder of a processor.
struct ImageRequest: Decodable {
    var folder: String

    /// Model: `paligemma`, `qwen`, `internvl`, `smolvlm`, or `pillow` for scaling alone.
    var model: String

    /// File of RGB bytes, and their columns and rows.
    var pixels: String
    var width: Int
    var height: Int

    /// File that the numbers are written to, float32.
    var output: String

    /// Size and filter of scaling alone.
    var size: [Int]?
    var filter: ResamplingFilter?

    /// Number of times that the image is processed, for its time.
    var repetitions: Int?

    struct Answer: Encodable {
        var shape: [Int]
        var grid: [Int] = []
        var placeholder = ""

        /// The shortest time of an image, in seconds.
        var seconds: Double?
    }

    func answer() throws -> Answer {
        let bytes = try Data(contentsOf: URL(filePath: pixels))
        let image = Image(width: width, height: height, pixels: [UInt8](bytes))
        var (tensor, answer) = try processed(image)
        for _ in 0 ..< (repetitions ?? 0) {
            let start = ContinuousClock.now
            (tensor, _) = try processed(image)
            answer.seconds = min(answer.seconds ?? .infinity, (ContinuousClock.now - start) / .seconds(1))
        }
        try tensor.floats.withUnsafeBytes { try Data($0).write(to: URL(filePath: output)) }
        return answer
    }

    /// Numbers as a policy's backbone reads them, and what else the processor says.
    private func processed(_ image: Image) throws -> (Tensor, Answer) {
        let folder = URL(filePath: folder)
        switch model {
        case "paligemma":
            let processor = try PaliGemmaImageProcessor(folder: folder)
            let (pixels, _) = try pixels(of: image, processor, .half)
            let answer = Answer(shape: pixels.shape, placeholder: processor.prompt("go", imageCount: 1))
            return (pixels, answer)
        case "qwen":
            let processor = try Qwen2VLImageProcessor(folder: folder)
            let (pixels, tiling) = try pixels(of: image, processor, .clip)
            let patches = pixels.unsqueezed(0).patches(
                of: processor.patchSize,
                cells: processor.mergeSize,
                frames: processor.temporalPatchSize
            ).squeezed(0)
            let (rows, columns) = processor.grid(of: tiling)
            let placeholder = processor.placeholder(of: tiling)
            return (
                patches, Answer(shape: patches.shape, grid: [1, rows, columns], placeholder: placeholder)
            )
        case "internvl":
            let processor = try InternVLImageProcessor(folder: folder)
            let (pixels, tiling) = try pixels(of: image, processor, .clip)
            // Tiles, of one that is not cut, too.
            let tiles = pixels.reshaped(-1, 3, tiling.height, tiling.width)
            return (tiles, Answer(shape: tiles.shape, placeholder: processor.placeholder(of: tiling)))
        case "smolvlm":
            let processor = try SmolVLMImageProcessor(folder: folder)
            let (pixels, tiling) = try pixels(of: image, processor, .half)
            let tiles = pixels.reshaped(-1, 3, tiling.height, tiling.width)
            let (grid, placeholder) = (
                [tiling.rows, tiling.columns], processor.placeholder(of: tiling)
            )
            return (tiles, Answer(shape: tiles.shape, grid: grid, placeholder: placeholder))
        default:
            let size = size ?? [0, 0]
            let scaled = image.resized(width: size[0], height: size[1], filter: filter ?? .bicubic)
            let shape = [scaled.height, scaled.width, 3]
            return (Tensor(scaled.pixels.map(Float.init), shape: shape), Answer(shape: shape))
        }
    }

    /// Normalized pixels of a camera's image, `[3, height, width]` or `[tiles, 3, height, width]`.
    private func pixels(
        of image: Image,
        _ processor: some ImageProcessor,
        _ standard: PixelNormalization
    ) throws -> (Tensor, Tiling) {
        let size = ImageSize(height: image.height, width: image.width)
        let cameras = try CameraImages(
            [size],
            processor,
            folder: URL(filePath: folder),
            default: standard
        )
        let tiles = cameras.tiles(of: image.pixels, camera: 0)
        let pixels = cameras.pixels(of: [tiles], on: .cpu)[0]
        return (pixels.squeezed(0), cameras.tilings[0])
    }
}
