import ActionTokenizers
import Backbones
import FASTerVQ
import Foundation
import RobotTypes
import TemporaryFolder
import Testing
import Torch

@testable import FASTerVLA

@Suite("Policies on disk")
struct PolicyFolderTests {
    private let parent: TemporaryFolder

    private var folder: URL { parent.appending(path: "policy") }

    init() throws { parent = try TemporaryFolder() }

    /// Writes a small policy.
    private func save() throws { try SmallPolicy.save(to: folder) }

    /// Changes what the policy says of itself.
    private func change(_ old: String, to new: String) throws {
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try #require(text.contains(old))
        try Data(text.replacing(old, with: new).utf8).write(to: file)
    }

    /// The chunk that codes decoded one by one come to.
    private func tokenWiseChunk() throws -> [Float] {
        let parts = try PolicyFolder.parts(of: folder, device: .cpu)
        let head = try #require(parts.network.blockHead)
        let tokenizer = try #require(parts.actions.tokenizer as? FASTerVQTokenizer)
        let observation = SmallPolicy.observation()
        let image = try #require(observation.images["observation.images.front"])
        let text = observation.instruction.utf8.map { Int($0) + 1 }
        let bins = StateTokenizer(normalization: parts.state, binCount: 256).bins(for: observation.state)
        let input = PrefixInput(
            images: [Tensor(image.pixels, shape: [1, 32, 32, 3])],
            tokens: Tensor(text, shape: [1, text.count]),
            state: Tensor(bins, shape: [1, bins.count])
        )
        let codes = withoutGradients {
            let decoder = parts.network.decoder(head, blockSize: 1, codewords: tokenizer.codewords)
            return decoder.codes(after: parts.network.backbone.prefix(of: input)).integers
        }
        return try tokenizer.robotUnits(for: [codes]).values
    }

    @Test("predict as they did before, with a chunk in the robot's range")
    func roundTrip() async throws {
        try save()
        let first = try await PolicyFolder.load(from: folder, device: .cpu).act(on: SmallPolicy.observation())
            .chunk
        let second = try await PolicyFolder.load(from: folder, device: .cpu).act(
            on: SmallPolicy.observation()
        ).chunk
        #expect(first == second)
        #expect(first.horizon == 8)
        #expect(first.dimension == 4)
        #expect(first.values.allSatisfy { abs($0) <= 1 })
        var settings = DecodingSettings()
        settings.blockSize = 1
        let tokenWise = try await PolicyFolder.load(from: folder, device: .cpu, decoding: settings).act(
            on: SmallPolicy.observation()
        )
        #expect(try tokenWise.chunk.values == tokenWiseChunk())
    }

    @Test("are refused with a tokenizer of another robot")
    func otherRobot() async throws {
        try save()
        try SmallPolicy.tokenizer("joints=0:4").save(to: folder.appending(path: "tokenizer"))
        let error = await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu)
        }
        #expect(
            error?.reason == "the tokenizer's action space is joints=0:4, the policy's position=0:3,gripper=3"
        )
    }

    @Test("are refused with another tokenizer of the same shape, by both digests")
    func otherTokenizer() async throws {
        try save()
        let tokenizer = folder.appending(path: "tokenizer")
        let own = try TokenizerFolder.digest(of: tokenizer)
        #expect(own.wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil)
        try SmallPolicy.tokenizer("position=0:3,gripper=3", seed: 2).save(to: tokenizer)
        let other = try TokenizerFolder.digest(of: tokenizer)
        let error = await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu)
        }
        #expect(error?.file == tokenizer.path && own != other)
        #expect(
            error?.reason.hasPrefix("the policy was trained with the tokenizer \(own), this one is \(other)")
                == true
        )
        // Notes beside the tokenizer are none of it.
        try SmallPolicy.tokenizer("position=0:3,gripper=3").save(to: tokenizer)
        try Data("notes".utf8).write(to: tokenizer.appending(path: "README.md"))
        _ = try await PolicyFolder.load(from: folder, device: .cpu)
    }

    @Test("say which digest belongs where none is written")
    func noDigest() async throws {
        try save()
        let digest = try TokenizerFolder.digest(of: folder.appending(path: "tokenizer"))
        try change(#""tokenizerDigest" : "\#(digest)""#, to: #""note" : """#)
        let error = await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu)
        }
        #expect(error?.reason.hasPrefix("tokenizerDigest: is missing") == true)
        #expect(error?.reason.contains(digest) == true)
    }

    @Test(
        "are refused when their own parts disagree",
        arguments: [
            (
                "\"height\" : 32,\n          \"keypoints\"",
                "\"height\" : 64,\n          \"keypoints\""
            ),
            (#""blockSize" : 5"#, #""blockSize" : 0"#),
        ]
    )
    func disagreement(from: String, to: String) async throws {
        try save()
        try change(from, to: to)
        let error = await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu)
        }
        #expect(error?.file == folder.appending(path: "config.json").path)
    }

    @Test(
        "are refused before weights are read when their numbers make no network",
        arguments: [
            (
                #""headCount" : 4"#, #""headCount" : 5"#,
                "'backbone.compact.width' should be a multiple of 10, as 'headCount' is 5, found 32"
            ),
            (
                #""headCount" : 4"#, #""headCount" : 0"#,
                "'backbone.compact.headCount' should be in 1 ... 65536, found 0"
            ),
            (
                #""bytesPerToken" : 4"#, #""bytesPerToken" : 0"#,
                "'backbone.compact.bytesPerToken' should be in 1 ... 65536, found 0"
            ),
            (
                #""pixelsPerToken" : 16"#, #""pixelsPerToken" : 12"#,
                "'backbone.compact.cameras[0].pixelsPerToken' should be 4, 8, 16 or 32, found 12"
            ),
            (
                #""supportsDecoding" : false"#, #""supportsDecoding" : false, "objectPoseDimension" : 2"#,
                "'backbone.compact.objectPoseDimension' should be left out, as there are neither keypoints nor a summary of the images, which poses are "
                    + "estimated from, found 2"
            ),
            (
                #""blockSize" : 5"#, #""blockSize" : 0"#,
                "'head.blocks.schedule.blockSize' should be in 1 ... 65536, found 0"
            ),
            (
                #""longestInstruction" : 128"#, #""longestInstruction" : 9223372036854775807"#,
                "'backbone.compact.longestInstruction' should be in 1 ... 65536, found 9223372036854775807"
            ),
            (
                #""minimum" : 1"#, #""minimum" : 9"#,
                "'head.blocks.positionGaps.minimum' should be at most 'maximum', which is 3.0, found 9.0"
            ),
            (
                #""dimension" : 4"#, #""dimension" : 3"#,
                "'head.blocks.dimension' should be 4, as in the contract, found 3"
            ),
        ]
    )
    func numbers(from: String, to: String, reason: String) async throws {
        try save()
        try change(from, to: to)
        let error = await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu)
        }
        #expect(error?.file == folder.appending(path: "config.json").path)
        #expect(error?.reason == reason)
    }

    @Test(
        "of flow matching are refused without a step to take, or without room for a time's sinusoids",
        arguments: [
            (#""steps" : 10"#, #""steps" : 0"#, "'head.flow.steps' should be in 1 ... 65536, found 0"),
            (
                #""width" : 128"#, #""width" : 127"#,
                "'expert.width' should be even with the head 'flow', found 127"
            ),
        ]
    )
    func flow(from: String, to: String, reason: String) async throws {
        try SmallPolicy.saveFlow(to: folder)
        _ = try await PolicyFolder.load(from: folder, device: .cpu)
        try change(from, to: to)
        let error = await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu)
        }
        #expect(error?.reason == reason)
    }

    @Test("are refused when more codebooks are to be decoded than they have", arguments: [0, 4])
    func tooManyCodebooks(count: Int) async throws {
        try save()
        var settings = DecodingSettings()
        settings.codebooks = count
        let error = await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu, decoding: settings)
        }
        #expect(error?.reason == "'codebooks' should be in 1 ... 3, found \(count)")
    }

    @Test("are refused when blocks of no token are to be decoded")
    func emptyBlocks() async throws {
        try save()
        var settings = DecodingSettings()
        settings.blockSize = 0
        let error = await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu, decoding: settings)
        }
        #expect(error?.reason == "'blockSize' should be at least 1, found 0")
    }

    @Test(
        "of whole chunks are refused with a threshold of their end, of early ones with blocks of other sizes"
    )
    func earlyEnd() async throws {
        func refusal(_ settings: DecodingSettings = DecodingSettings()) async -> String? {
            await #expect(throws: PolicyFolderError.self) {
                try await PolicyFolder.load(from: folder, device: .cpu, decoding: settings)
            }?.reason
        }
        var settings = DecodingSettings()
        settings.endThreshold = 0.7
        try save()
        #expect(
            await refusal(settings)
                == "'endThreshold' should be left out, as the policy was not trained to end chunks early (recipe: earlyEnd), "
                + "found 0.7"
        )
        try FileManager.default.removeItem(at: folder)
        try SmallPolicy.save(to: folder, earlyEnd: EarlyEnd(tolerance: 0.05))
        _ = try await PolicyFolder.load(from: folder, device: .cpu, decoding: settings)
        settings.blockSize = 1
        #expect(
            await refusal(settings)
                == "'blockSize' should be 5, a codebook, or an 'endThreshold' of 1, as chunks end early with a whole codebook, "
                + "found 1"
        )
        settings.endThreshold = 1
        _ = try await PolicyFolder.load(from: folder, device: .cpu, decoding: settings)
        settings.endThreshold = 1.5
        #expect(await refusal(settings) == "'endThreshold' should be in 0.0 ... 1.0, found 1.5")
        try change(#""tolerance" : 0.05"#, to: #""tolerance" : 0"#)
        #expect(await refusal() == "'head.blocks.earlyEnd.tolerance' should be a number above 0, found 0.0")
        try change(#""tolerance" : 0"#, to: #""tolerance" : 1"#)
        try change(#""blockSize" : 5"#, to: #""blockSize" : 4"#)
        #expect(
            await refusal()
                == "'head.blocks.schedule.blockSize' should be 5, a codebook, as chunks end early, found 4"
        )
    }

    @Test("are refused with numbers of sampling that make no sense, their own or given ones")
    func sampling() async throws {
        try save()
        var settings = DecodingSettings()
        settings.topP = 1.5
        let given = await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu, decoding: settings)
        }
        #expect(given?.reason == "'sampling.topP' should be above 0 and at most 1, found 1.5")
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing(#""temperature" : 0"#, with: #""temperature" : -1"#).utf8).write(to: file)
        let own = await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu)
        }
        #expect(own?.reason == "'sampling.temperature' should be a number from 0 on, found -1.0")
    }

    @Test("are refused when a file is missing or of a newer format")
    func missing() async throws {
        try save()
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing(#""formatVersion" : 3"#, with: #""formatVersion" : 9"#).utf8).write(to: file)
        await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu)
        }
        try FileManager.default.removeItem(at: file)
        await #expect(throws: PolicyFolderError.self) {
            try await PolicyFolder.load(from: folder, device: .cpu)
        }
    }
}
