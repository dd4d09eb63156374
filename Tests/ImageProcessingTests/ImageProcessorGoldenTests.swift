import Foundation
import RobotTypes
import Testing

@testable import ImageProcessing

/// Pixels of Pillow 13.0.0 and of the processors of `transformers` 5.24.0: Golden/make_golden.py.
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
            var values: Data
            var placeholder: String

            var tensor: ImageTensor {
                let floats = values.withUnsafeBytes { bytes in
                    (0 ..< bytes.count / 4).map {
                        bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)
                    }
                }
                return ImageTensor(shape: shape, values: floats)
            }
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

    @Test("PaliGemma: pixels and prompt")
    func paliGemma() throws {
        let processor = try PaliGemmaImageProcessor(folder: Self.golden("paligemma"))
        for (image, expected) in try cases("paligemma") {
            #expect(processor(image) == expected.tensor)
            #expect(processor.prompt("go", imageCount: 1) == expected.placeholder)
        }
    }

    @Test("Qwen2.5-VL: patches, grid and placeholder")
    func qwen() throws {
        let processor = try Qwen2VLImageProcessor(folder: Self.golden("qwen"))
        for (image, expected) in try cases("qwen") {
            let patches = try processor(image)
            #expect(patches.patches == expected.tensor)
            #expect([1, patches.rows, patches.columns] == expected.grid)
            #expect(processor.placeholder(of: patches) == expected.placeholder)
        }
    }

    @Test("InternVL: tiles and placeholder")
    func internVL() throws {
        let processor = try InternVLImageProcessor(folder: Self.golden("internvl"))
        let cases = try cases("internvl")
        #expect(Set(cases.map { $0.1.shape[0] }).count > 1)
        for (image, expected) in cases {
            let tiles = processor(image)
            #expect(tiles == expected.tensor)
            #expect(processor.placeholder(of: tiles) == expected.placeholder)
        }
    }

    @Test("SmolVLM: tiles, grid and placeholder")
    func smolVLM() throws {
        let processor = try SmolVLMImageProcessor(folder: Self.golden("smolvlm"))
        let cases = try cases("smolvlm")
        #expect(Set(cases.map { $0.1.shape[0] }).count > 1)
        for (image, expected) in cases {
            let tiles = processor(image)
            #expect(tiles.tiles == expected.tensor)
            #expect([tiles.rows, tiles.columns] == expected.grid)
            #expect(processor.placeholder(of: tiles) == expected.placeholder)
        }
    }
}
