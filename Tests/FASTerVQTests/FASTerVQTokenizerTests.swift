import ActionTokenizers
import FASTerVQ
import Foundation
import NN
import RobotTypes
import Testing
import Torch

@Suite("FASTerVQ tokenizer")
struct FASTerVQTokenizerTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "vq-\(UUID().uuidString)")

    private func tokenizer(_ groups: String = "position=0:3,rotation=3:6,gripper=6") throws
        -> FASTerVQTokenizer
    {
        Torch.seed(6)
        var configuration = FASTerVQConfiguration(actionSpace: try ActionSpace(parsing: groups), horizon: 20)
        configuration.quantizer.codebookSize = 32
        configuration.autoencoder.width = 32
        let network = FASTerVQNetwork(configuration, device: .cpu)
        network.initializeCodebooks(from: .randn([64, 20, configuration.actionSpace.dimension]))
        let width = configuration.actionSpace.dimension
        let ones = [Float](repeating: 1, count: width)
        let statistics = FeatureStatistics(
            mean: ones,
            std: ones,
            q01: ones.map { -$0 },
            q99: ones.map { 3 * $0 },
            min: ones,
            max: ones
        )
        return FASTerVQTokenizer(
            configuration: configuration,
            network: network,
            normalization: Normalization(method: .quantiles, statistics: statistics),
            device: .cpu
        )
    }

    private func chunks(_ count: Int, valid: [Int]? = nil) -> ActionChunks {
        ActionChunks(
            count: count,
            horizon: 20,
            dimension: 7,
            values: Tensor.randn([count, 20, 7]).floats,
            validSteps: valid
        )
    }

    @Test("has seven places for one arm, as the paper")
    func places() throws {
        let tokenizer = try tokenizer()
        #expect(tokenizer.placeCount == 7)
        #expect(tokenizer.tokenCount == 21)
        #expect(try tokenizer.tokens(for: chunks(3)).map(\.count) == [21, 21, 21])
    }

    @Test("decodes any codes in range to finite actions, and refuses all others")
    func anyCodes() throws {
        let tokenizer = try tokenizer()
        var random = SystemRandomNumberGenerator()
        let codes = (0 ..< 200).map { _ in (0 ..< 21).map { _ in Int.random(in: 0 ..< 32, using: &random) } }
        #expect(try tokenizer.chunks(for: codes).values.allSatisfy(\.isFinite))
        #expect(throws: ActionTokenizerError("chunk 0, code 3: expected 0 ..< 32, found 32")) {
            try tokenizer.chunks(for: [[0, 0, 0, 32] + [Int](repeating: 0, count: 17)])
        }
        #expect(throws: ActionTokenizerError("chunk 0: expected 21 codes, found 20")) {
            try tokenizer.chunks(for: [[Int](repeating: 0, count: 20)])
        }
    }

    @Test("gives codes that padding cannot influence")
    func padding() throws {
        let tokenizer = try tokenizer()
        Torch.seed(7)
        let first = chunks(4, valid: [20, 5, 1, 12])
        var second = first
        for chunk in 0 ..< 4 {
            for index in first.validSteps[chunk] * 7 ..< 140 { second.values[chunk * 140 + index] = 99 }
        }
        #expect(try tokenizer.tokens(for: first) == tokenizer.tokens(for: second))
        #expect(tokenizer.validPlaces([5]) == [true, false, false, false, true, false, true])
    }

    @Test("names the value that is not finite")
    func notFinite() throws {
        var chunks = chunks(2)
        chunks.values[140 + 7 * 3 + 2] = .nan
        #expect(throws: ActionTokenizerError("chunk 1, step 3, column 2: nan is not finite")) {
            try tokenizer().tokens(for: chunks)
        }
    }

    @Test("comes back from its folder as it was")
    func roundTrip() throws {
        let tokenizer = try tokenizer()
        try tokenizer.save(to: folder)
        let loaded = try FASTerVQTokenizer(loading: folder, device: .cpu)
        let chunks = chunks(5)
        #expect(loaded.configuration == tokenizer.configuration)
        #expect(loaded.normalization == tokenizer.normalization)
        #expect(try loaded.tokens(for: chunks) == tokenizer.tokens(for: chunks))
    }

    @Test("refuses folders that lack or contradict something, and says what")
    func brokenFolders() throws {
        #expect(throws: ActionTokenizerError("/no/such: no such folder")) {
            try FASTerVQTokenizer(loading: URL(filePath: "/no/such"), device: .cpu)
        }
        try tokenizer().save(to: folder)
        try tokenizer("joints=0:6,gripper=6").save(to: folder.appending(path: "other"))
        try FileManager.default.removeItem(at: folder.appending(path: "model.safetensors"))
        try FileManager.default.moveItem(
            at: folder.appending(path: "other/model.safetensors"),
            to: folder.appending(path: "model.safetensors")
        )
        let error = #expect(throws: CheckpointError.self) {
            try FASTerVQTokenizer(loading: folder, device: .cpu)
        }
        #expect(error?.description.contains("expected F32") == true)
    }
}
