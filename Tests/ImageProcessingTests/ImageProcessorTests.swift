import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import ImageProcessing

@Suite("Image processors")
struct ImageProcessorTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ settings: String, to file: String = "preprocessor_config.json") throws -> URL {
        try folder.write(settings, to: file)
        return folder.url
    }

    @Test("The processor's own file prevails over the older one")
    func files() throws {
        _ = try write(#"{"size": {"height": 4, "width": 6}, "image_seq_length": 9}"#)
        let processor = #"{"image_processor": {"size": {"height": 8, "width": 10}}, "image_seq_length": 7}"#
        let newer = try PaliGemmaImageProcessor(folder: write(processor, to: "processor_config.json"))
        #expect((newer.height, newer.width, newer.tokenCount) == (8, 10, 7))
        let older = try PaliGemmaImageProcessor(folder: write("{}", to: "processor_config.json"))
        #expect((older.height, older.width, older.tokenCount) == (4, 6, 9))
    }

    @Test("Absent keys have the defaults of the class")
    func defaults() throws {
        let folder = try write("{}")
        let qwen = try Qwen2VLImageProcessor(folder: folder)
        #expect((qwen.patchSize, qwen.temporalPatchSize, qwen.mergeSize) == (14, 2, 2))
        #expect((qwen.minimumPixels, qwen.maximumPixels) == (3136, 1_003_520))
        let smol = try SmolVLMImageProcessor(folder: folder)
        #expect((smol.longestSide, smol.tileSize, smol.tileTokenCount) == (1456, 364, 169))
        let intern = try InternVLImageProcessor(folder: folder)
        #expect((intern.width, intern.maximumTiles, intern.tileTokenCount) == (384, 12, 256))
    }

    @Test("Qwen rounds half to even, and takes no image that is too long")
    func qwenSizes() throws {
        let processor = try Qwen2VLImageProcessor(folder: write("{}"))
        #expect(try processor.scaledSize(height: 70, width: 98) == (56, 112))
        #expect(try processor.scaledSize(height: 84, width: 126) == (84, 112))
        #expect(try processor.scaledSize(height: 1, width: 200) == (28, 812))
        let error = #expect(throws: ImageProcessingError.self) {
            try processor.scaledSize(height: 201, width: 1)
        }
        #expect(try #require(error).description.contains("1 x 201"))
        #expect(try processor.tokenCount(of: processor.tiling(height: 224, width: 224)) == 64)
    }

    @Test("InternVL cuts a camera's image into twelve tiles, unless one is the most")
    func internVLTiles() throws {
        var processor = try InternVLImageProcessor(
            folder: write(#"{"size": {"height": 448, "width": 448}}"#)
        )
        #expect(processor.grid(height: 480, width: 640) == (3, 4))
        #expect(processor.grid(height: 448, width: 448) == (1, 1))
        #expect(processor.grid(height: 900, width: 900) == (2, 2))
        var small = try InternVLImageProcessor(folder: write(#"{"size": {"height": 28, "width": 28}}"#))
        #expect(small.tokenCount(of: small.tiling(height: 480, width: 640)) == 3328)
        small.maximumTiles = 1
        #expect(small.tokenCount(of: small.tiling(height: 480, width: 640)) == 256)
        processor.minimumTiles = 5
        processor.maximumTiles = 4
        #expect(processor.grid(height: 480, width: 640) == (1, 1))
    }

    @Test("Processors of images that have their size leave them as they are")
    func whole() throws {
        let image = Image(width: 8, height: 8, pixels: (0 ..< 192).map { UInt8($0) })
        let qwen = Qwen2VLImageProcessor(patchSize: 2, temporalPatchSize: 2, mergeSize: 2)
        let processors: [any ImageProcessor] = [
            PaliGemmaImageProcessor(side: 8, tokenCount: 4), qwen,
            InternVLImageProcessor(side: 8, tileTokenCount: 4),
            SmolVLMImageProcessor(tileSize: 8, tileTokenCount: 4),
        ]
        for processor in processors {
            #expect(try processor.tiles(of: image) == [image])
            #expect(try processor.tokenCount(of: processor.tiling(height: 8, width: 8)) == 4)
        }
    }

    @Test(
        "Errors name file and key",
        arguments: [
            (#"{"resample": 0, "image_seq_length": 1}"#, "'resample'"),
            (#"{"size": {"height": 0}, "image_seq_length": 1}"#, "'size.height'"),
            (#"{"do_resize": false, "image_seq_length": 1}"#, "'do_resize'"),
            ("{}", "'image_seq_length'"),
            ("[]", "preprocessor_config.json: cannot be understood"),
        ]
    )
    func errors(_ settings: String, _ part: String) throws {
        let folder = try write(settings)
        let error = #expect(throws: ImageProcessingError.self) {
            try PaliGemmaImageProcessor(folder: folder)
        }
        #expect(try #require(error).description.contains(part))
        #expect(try #require(error).description.contains(folder.path))
    }

    @Test("A folder without configuration is named")
    func noFile() {
        let error = #expect(throws: ImageProcessingError.self) {
            try SmolVLMImageProcessor(folder: folder.url)
        }
        #expect(error?.description.contains("preprocessor_config.json: is missing") == true)
    }
}
