import Foundation
import ImageProcessing
import Support
import TemporaryFolder
import Testing
import Torch

@testable import Backbones

/// Pixels of the processors of `transformers` 5.24.0 on Pillow 13.0.0: Tests/ImageProcessingTests/Golden/make_golden.py.
@Suite("Images of cameras as vision encoders read them")
struct CameraImagesTests {
    private struct Golden: Decodable {
        struct Picture: Decodable {
            var width: Int
            var height: Int
            var pixels: Data
        }

        struct Processed: Decodable {
            var model: String
            var image: Int
            var shape: [Int]
            var values: Data

            var floats: [Float] {
                values.withUnsafeBytes { bytes in
                    (0 ..< bytes.count / 4).map {
                        bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)
                    }
                }
            }
        }

        var images: [Picture]
        var processed: [Processed]
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../ImageProcessingTests/Golden").standardizedFileURL

    private static func processor(_ model: String) throws -> any ImageProcessor {
        let folder = folder.appending(path: model)
        switch model {
        case "paligemma": return try PaliGemmaImageProcessor(folder: folder)
        case "qwen": return try Qwen2VLImageProcessor(folder: folder)
        case "internvl": return try InternVLImageProcessor(folder: folder)
        default: return try SmolVLMImageProcessor(folder: folder)
        }
    }

    @Test(
        "have the pixels of the published image processors, of odd sizes, too",
        arguments: ["paligemma", "qwen", "internvl", "smolvlm"]
    )
    func golden(model: String) throws {
        let golden = try JSONDecoder().decode(
            Golden.self,
            from: Data(contentsOf: Self.folder.appending(path: "golden.json"))
        )
        let sizes = golden.images.map { ImageSize(height: $0.height, width: $0.width) }
        let cameras = try CameraImages(
            sizes,
            Self.processor(model),
            folder: Self.folder.appending(path: model),
            default: ["qwen": .clip, "internvl": .clip][model] ?? .half
        )
        let tiles = golden.images.enumerated().map {
            cameras.tiles(of: [UInt8]($1.pixels), camera: $0)
        }
        let pixels = cameras.pixels(of: tiles, on: .cpu)
        let cases = golden.processed.filter { $0.model == model }
        try #require(cases.count == sizes.count)
        for expected in cases {
            var found = pixels[expected.image]
            if model == "qwen" { found = found.patches(of: 2, cells: 2, frames: 2) }
            #expect(found.shape.drop { $0 == 1 } == expected.shape.drop { $0 == 1 })
            let difference = zip(found.floats, expected.floats).map { abs($0 - $1) }.max()
            #expect(try #require(difference) < 1e-5)
        }
    }

    private let folder: TemporaryFolder
    /// Cameras of odd sizes.
    private let settings = ProcessorSettings(
        recordedSizes: [ImageSize(height: 40, width: 24), ImageSize(height: 9, width: 31)]
    )

    init() throws { folder = try TemporaryFolder() }

    /// A folder with a text tokenizer and settings of an image processor.
    private func published(_ tokenizer: String, _ images: String) throws -> URL {
        let url = try folder.tokenizer(tokenizer)
        try Data(images.utf8).write(to: url.appending(path: "preprocessor_config.json"))
        return url
    }

    /// The input of a prompt with noise of every camera, of which the last one is absent.
    private func input(_ processor: any InputProcessor) throws -> PrefixInput {
        #expect(processor.imageSizes == settings.recordedSizes)
        var random = SeededRandom(seed: 7)
        let images = processor.imageSizes.enumerated().map { camera, size in
            let pixels = (0 ..< size.height * size.width * 3).map { _ in
                UInt8.random(in: 0 ... 255, using: &random)
            }
            return processor.tiles(of: pixels, camera: camera)
        }
        let batch = ObservationBatch(
            images: images,
            hasImage: [true, false],
            tokens: [try processor.tokens(instruction: "Pick", state: [3, 14])],
            state: []
        )
        return processor(batch, device: .cpu)
    }

    /// Checks that the last token sees the images of a camera that is there, of no other.
    private func check(_ model: some Backbone, _ input: PrefixInput) {
        withoutGradients {
            let last = input.tokens.size(1) - 1
            func keys(_ input: PrefixInput) -> [Float] {
                model.prefix(of: input).keys[1].select(2, last).floats
            }
            func differs(_ camera: Int, _ input: PrefixInput) -> Bool {
                var other = input
                other.images[camera] = .randn(input.images[camera].shape)
                return keys(other) != keys(input)
            }
            #expect(differs(0, input) && !differs(1, input))
            var both = input
            both.hasImage = nil
            #expect(differs(1, both))
        }
    }

    @Test("are scaled to PaliGemma's size without borders")
    func paliGemma() throws {
        let url = try published("gemma", #"{"size": {"height": 8, "width": 8}, "image_seq_length": 4}"#)
        try Data(#"{"bos_token": "<bos>", "pad_token": "<pad>"}"#.utf8)
            .write(to: url.appending(path: "tokenizer_config.json"))
        var configuration = PaliGemmaTests.configuration
        (configuration.vocabularySize, configuration.imageToken) = (349, 348)
        let input = try input(PaliGemma.makeProcessor(url, configuration, settings))
        #expect(input.images.map(\.shape) == [[1, 3, 8, 8], [1, 3, 8, 8]])
        check(PaliGemma(configuration, device: .cpu), input)
    }

    @Test("are cut into tiles by SmolVLM, whose prompt names them")
    func smolVLM() throws {
        var url = try published(
            "smollm2",
            #"{"size": {"longest_edge": 48}, "max_image_size": {"longest_edge": 16}}"#
        )
        var configuration = SmolVLMTests.configuration
        configuration.language.vocabularySize = 336
        let input = try input(SmolVLM.makeProcessor(url, configuration, settings))
        #expect(input.images.map(\.shape) == [[1, 7, 3, 16, 16], [1, 4, 3, 16, 16]])
        #expect(input.tokens.integers.count { $0 == 4 } == 11 * configuration.imageTokenCount)
        check(SmolVLM(configuration, device: .cpu), input)
        url.append(path: "preprocessor_config.json")
        try Data("{}".utf8).write(to: url)
        let error = #expect(throws: PretrainedError.self) {
            try SmolVLM.cameras(url.deletingLastPathComponent(), configuration, settings)
        }
        #expect(
            error?.reason
                == "the image processor's images should be 16 x 16 pixels, as the vision encoder reads "
                + "them, found 364 x 364"
        )
    }

    @Test("are cut into tiles by InternVL, whose prompt has their tokens")
    func internVL() throws {
        let url = try published("qwen", #"{"size": {"height": 16, "width": 16}, "max_patches": 4}"#)
        var configuration = InternVLTests.configuration
        configuration.language.vocabularySize = 347
        let input = try input(InternVL.makeProcessor(url, configuration, settings))
        #expect(input.images.map(\.shape) == [[1, 3, 3, 16, 16], [1, 4, 3, 16, 16]])
        check(InternVL(configuration, device: .cpu), input)
    }

    @Test("keep their aspect ratio in Qwen2.5-VL's patches")
    func qwen() throws {
        let url = try published("qwen", #"{"patch_size": 2, "min_pixels": 16, "max_pixels": 600}"#)
        var configuration = Qwen25VLTests.configuration
        (configuration.imageToken, configuration.language.vocabularySize) = (341, 350)
        let input = try input(Qwen25VL.makeProcessor(url, configuration, settings))
        #expect(input.grids == [ImageGrid(rows: 14, columns: 8), ImageGrid(rows: 4, columns: 16)])
        #expect(input.images.map(\.shape) == [[176, 24]])
        #expect(input.tokens.integers.count { $0 == 341 } == 44)
        let model = Qwen25VL(configuration, device: .cpu)
        withoutGradients { #expect(model.prefix(of: input).length == input.tokens.size(1)) }
        configuration.vision.mergeSize = 1
        let error = #expect(throws: PretrainedError.self) {
            try Qwen25VL.cameras(url, configuration, settings)
        }
        #expect(
            error?.reason
                == "the image processor's 'merge_size' should be 1, as the vision encoder's, found 2"
        )
    }
}
