import Foundation
import RobotTypes
import Testing

@testable import ImageProcessing

/// Pixels of Pillow 13.0.0, tiles and placeholders of the processors of `transformers` 5.24.0: Golden/make_golden.py.
///
/// Their normalized pixels are compared in `CameraImagesTests`.
@Suite("Image processors as the real libraries have them")
struct ImageProcessorGoldenTests {
    struct Golden: Decodable {
        struct Picture: Decodable {
            var width: Int
            var height: Int
            var pixels: Data

            var image: Image { Image(width: width, height: height, pixels: [UInt8](pixels)) }
        }

        struct Scaled: Decodable {
            var image: Int
            var width: Int
            var height: Int
            var filter: ResamplingFilter
            var pixels: Data
        }

        struct Processed: Decodable {
            var model: String
            var image: Int
            var shape: [Int]
            var grid: [Int]
            var placeholder: String

            /// Number and size of tiles.
            var tiles: [Int] { shape.count == 3 ? [1] + shape : shape }
        }

        var images: [Picture]
        var scaled: [Scaled]
        var processed: [Processed]
    }

    private let golden: Golden

    init() throws {
        golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Self.golden("golden.json")))
    }

    private static func golden(_ path: String) throws -> URL {
        try #require(Bundle.module.resourceURL).appending(path: "Golden/\(path)")
    }

    /// Images and what is made of them by a model.
    private func cases(_ model: String) throws -> [(Image, Golden.Processed)] {
        let cases = golden.processed.filter { $0.model == model }
        try #require(cases.count == golden.images.count)
        return cases.map { (golden.images[$0.image].image, $0) }
    }

    @Test("Scaling is Pillow's, to the bit")
    func scaling() {
        for expected in golden.scaled {
            let image = golden.images[expected.image].image
            let scaled = image.resized(
                width: expected.width,
                height: expected.height,
                filter: expected.filter
            )
            #expect(scaled.pixels == [UInt8](expected.pixels))
        }
    }

    @Test("PaliGemma: one tile, and the prompt")
    func paliGemma() throws {
        let processor = try PaliGemmaImageProcessor(folder: Self.golden("paligemma"))
        for (image, expected) in try cases("paligemma") {
            #expect(try shape(processor, image) == expected.tiles)
            #expect(processor.prompt("go", imageCount: 1) == expected.placeholder)
        }
    }

    @Test("Qwen2.5-VL: grid and placeholder")
    func qwen() throws {
        let processor = try Qwen2VLImageProcessor(folder: Self.golden("qwen"))
        for (image, expected) in try cases("qwen") {
            let tiling = try processor.tiling(height: image.height, width: image.width)
            let grid = processor.grid(of: tiling)
            #expect([1, grid.rows, grid.columns] == expected.grid)
            #expect(try shape(processor, image) == [1, 3, 2 * grid.rows, 2 * grid.columns])
            #expect(processor.placeholder(of: tiling) == expected.placeholder)
        }
    }

    @Test("InternVL: tiles and placeholder")
    func internVL() throws {
        let processor = try InternVLImageProcessor(folder: Self.golden("internvl"))
        let cases = try cases("internvl")
        #expect(Set(cases.map { $0.1.shape[0] }).count > 1)
        for (image, expected) in cases {
            let tiling = processor.tiling(height: image.height, width: image.width)
            #expect(try shape(processor, image) == expected.tiles)
            #expect(processor.placeholder(of: tiling) == expected.placeholder)
        }
    }

    @Test("SmolVLM: tiles, grid and placeholder")
    func smolVLM() throws {
        let processor = try SmolVLMImageProcessor(folder: Self.golden("smolvlm"))
        let cases = try cases("smolvlm")
        #expect(Set(cases.map { $0.1.shape[0] }).count > 1)
        for (image, expected) in cases {
            let tiling = processor.tiling(height: image.height, width: image.width)
            #expect(try shape(processor, image) == expected.tiles)
            #expect([tiling.rows, tiling.columns] == expected.grid)
            #expect(processor.placeholder(of: tiling) == expected.placeholder)
        }
    }

    /// Number and size of the tiles of an image, `[tiles, 3, height, width]`, all as foretold.
    private func shape(_ processor: some ImageProcessor, _ image: Image) throws -> [Int] {
        let tiling = try processor.tiling(height: image.height, width: image.width)
        let tiles = try processor.tiles(of: image)
        #expect(tiles.allSatisfy { ($0.height, $0.width) == (tiling.height, tiling.width) })
        #expect(tiles.count == tiling.count)
        return [tiles.count, 3, tiling.height, tiling.width]
    }
}
