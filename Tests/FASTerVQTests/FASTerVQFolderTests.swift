import ActionTokenizers
import FASTerVQ
import Foundation
import NN
import RobotTypes
import TemporaryFolder
import Testing
import Torch

@Suite("FASTerVQ's folders")
struct FASTerVQFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("comes back from its folder as it was")
    func roundTrip() throws {
        let tokenizer = try Samples.tokenizer()
        try tokenizer.save(to: folder.url)
        let loaded = try FASTerVQTokenizer(loading: folder.url, device: .cpu)
        let chunks = Samples.chunks(5)
        #expect(loaded.model.configuration == tokenizer.model.configuration)
        #expect(loaded.actionSpace == tokenizer.actionSpace)
        #expect(loaded.normalization == tokenizer.normalization)
        #expect(try loaded.tokens(for: chunks) == tokenizer.tokens(for: chunks))
    }

    @Test("refuses folders that lack or contradict something, and says what")
    func brokenFolders() throws {
        #expect(throws: ActionTokenizerError("/no/such: no such folder")) {
            try FASTerVQTokenizer(loading: URL(filePath: "/no/such"), device: .cpu)
        }
        try Samples.tokenizer().save(to: folder.url)
        try Samples.tokenizer("joints=0:6,gripper=6").save(to: folder.appending(path: "other"))
        try FileManager.default.removeItem(at: folder.appending(path: "model.safetensors"))
        try FileManager.default.moveItem(
            at: folder.appending(path: "other/model.safetensors"),
            to: folder.appending(path: "model.safetensors")
        )
        let error = #expect(throws: CheckpointError.self) {
            try FASTerVQTokenizer(loading: folder.url, device: .cpu)
        }
        #expect(error?.description.contains("expected F32") == true)
    }

    @Test("refuses a configuration that makes no network or no robot, before anything is made of it")
    func damagedConfiguration() throws {
        try Samples.tokenizer().save(to: folder.url)
        let file = folder.appending(path: "config.json")
        let whole = try String(contentsOf: file, encoding: .utf8)
        for (from, to, expected) in [
            ("\"horizon\" : 20", "\"horizon\" : 0", "'horizon' should be in 1 ... 4096, found 0"),
            (
                "\"horizon\" : 20", "\"horizon\" : 9223372036854775807",
                "'horizon' should be in 1 ... 4096, found 9223372036854775807"
            ),
            (
                "\"headCount\" : 4", "\"headCount\" : 3",
                "'autoencoder.width' should be a multiple of 3, as 'autoencoder.headCount' is 3, found 32"
            ),
            (
                "\"headCount\" : 4", "\"headCount\" : 0",
                "'autoencoder.headCount' should be in 1 ... 65536, found 0"
            ),
            (
                "\"encoderLayers\" : 2", "\"encoderLayers\" : -1",
                "'autoencoder.encoderLayers' should be in 0 ... 65536, found -1"
            ),
            (
                "\"decay\" : 0.99", "\"decay\" : 99",
                "'quantizer.decay' should be at least 0.0 and below 1.0, found 99.0"
            ),
            ("\"kernel\" : 5", "\"kernel\" : 4", "'autoencoder.kernel' should be odd, found 4"),
            (
                "\"codebookSize\" : 32", "\"codebookSize\" : 4611686018427387904",
                "'quantizer.codebookSize' should be in 1 ... 65536"
            ),
            ("\"steps\" : 5", "\"steps\" : 0", "'patches.position.steps' should be in 1 ... 65536, found 0"),
            (
                "\"maxPatches\" : 4", "\"maxPatches\" : 9223372036854775807",
                "'patches.position.maxPatches' should be in 1 ... 65536"
            ),
            ("\"start\" : 6", "\"start\" : 7", "should start at column 6 but starts at 7"),
            ("\"start\" : 6", "\"start\" : 5", "should start at column 6 but starts at 5"),
            ("\"count\" : 1", "\"count\" : 0", "has no columns"),
        ] {
            try #require(whole.contains(from), "\(from)")
            try whole.replacing(from, with: to).write(to: file, atomically: true, encoding: .utf8)
            let error = #expect(throws: ActionTokenizerError.self) {
                try FASTerVQTokenizer(loading: folder.url, device: .cpu)
            }
            #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
            #expect(error?.description.hasPrefix("\(file.path): ") == true)
        }
    }

    @Test("a folder that belongs to no robot says how to give it one")
    func withoutRobot() throws {
        let space = try ActionSpace(parsing: "position=0:3")
        try Samples.model(PatchShape.universal(), space, horizon: 16).save(to: folder.url)
        let error = #expect(throws: ActionTokenizerError.self) {
            try FASTerVQTokenizer(loading: folder.url, device: .cpu)
        }
        #expect(error?.description.contains("belongs to no robot yet") == true)
        #expect(throws: Never.self) { try FASTerVQModel(loading: folder.url, device: .cpu) }
    }
}
