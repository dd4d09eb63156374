internal import Foundation
internal import ImageProcessing
internal import RobotTypes

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

    /// Largest number of tiles, or whether tiles are made at all.
    var maximumTiles: Int?
    var pads: Bool?

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
        try tensor.values.withUnsafeBytes { try Data($0).write(to: URL(filePath: output)) }
        return answer
    }

    private func processed(_ image: Image) throws -> (ImageTensor, Answer) {
        let folder = URL(filePath: folder)
        switch model {
        case "paligemma":
            var processor = try PaliGemmaImageProcessor(folder: folder)
            processor.padsImages = pads ?? false
            let tensor = processor(image)
            return (tensor, Answer(shape: tensor.shape, placeholder: processor.prompt("go", imageCount: 1)))
        case "qwen":
            let processor = try Qwen2VLImageProcessor(folder: folder)
            let patches = try processor(image)
            let placeholder = processor.placeholder(of: patches)
            let grid = [1, patches.rows, patches.columns]
            return (
                patches.patches, Answer(shape: patches.patches.shape, grid: grid, placeholder: placeholder)
            )
        case "internvl":
            var processor = try InternVLImageProcessor(folder: folder)
            processor.maximumTiles = maximumTiles ?? processor.maximumTiles
            let tensor = processor(image)
            return (tensor, Answer(shape: tensor.shape, placeholder: processor.placeholder(of: tensor)))
        case "smolvlm":
            var processor = try SmolVLMImageProcessor(folder: folder)
            processor.splitsImages = maximumTiles.map { $0 > 1 } ?? processor.splitsImages
            let tiles = processor(image)
            let placeholder = processor.placeholder(of: tiles)
            return (
                tiles.tiles,
                Answer(shape: tiles.tiles.shape, grid: [tiles.rows, tiles.columns], placeholder: placeholder)
            )
        default:
            let size = size ?? [0, 0]
            let scaled = image.resized(width: size[0], height: size[1], filter: filter ?? .bicubic)
            let shape = [scaled.height, scaled.width, 3]
            let tensor = ImageTensor(shape: shape, values: scaled.pixels.map(Float.init))
            return (tensor, Answer(shape: shape))
        }
    }
}
