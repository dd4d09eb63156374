import ActionTokenizers
import FASTerVQ
import Foundation
import LearnedBaselines
import RobotTypes
import TemporaryFolder
import Testing
import Torch

@testable import TokenizerRegistry

@Suite("Tokenizer registry", .serialized)
struct TokenizerRegistryTests {
    private let parent: TemporaryFolder
    private let actions: RobotActions

    init() throws {
        parent = try TemporaryFolder()
        actions = try SampleActions.robot()
    }

    /// A tokenizer of every name.
    private static func tokenizer(_ name: String, _ actions: RobotActions) throws -> any ActionTokenizer {
        Torch.seed(3)
        let horizon = SampleActions.horizon
        let normalization = try actions.normalization(horizon: horizon)
        func baseline<Network: ChunkAutoencoder>(
            _ configuration: Network.Configuration,
            _: Network.Type
        ) -> any ActionTokenizer {
            let network = Network(
                configuration,
                horizon: horizon,
                dimension: actions.actionSpace.dimension,
                device: .cpu
            )
            return LearnedTokenizer(
                network,
                horizon: horizon,
                normalization: normalization,
                device: .cpu
            )
        }
        switch name {
        case "fastervq":
            return try FASTerVQTokenizer(
                SampleActions.model(),
                actionSpace: actions.actionSpace,
                horizon: horizon,
                normalization: normalization
            )
        case "fast+":
            return try FASTProcessor(
                loading: SampleActions.publicProcessor,
                horizon: horizon,
                normalization: normalization
            )
        case "vq-bet": return baseline(.init(), VQBeTNetwork.self)
        case "vq-vla": return baseline(.init(), VQVLANetwork.self)
        case "oat": return baseline(.init(), OATNetwork.self)
        default:
            var settings = FittedTokenizer.Settings()
            settings.linear.codebookSize = 64
            return try #require(FittedTokenizer(rawValue: name)).fit(to: actions, horizon: horizon, settings)
        }
    }

    @Test("opens every tokenizer that was saved, with the same codes", arguments: TokenizerRegistry.names)
    func roundTrip(name: String) throws {
        let tokenizer = try Self.tokenizer(name, actions)
        let folder = parent.appending(path: "saved")
        try tokenizer.save(to: folder)
        let opened = try TokenizerRegistry.open(folder, device: .cpu)
        #expect(opened.name == name)
        #expect(try TokenizerRegistry.name(of: folder) == name)
        #expect(opened.layout == tokenizer.layout)
        #expect(opened.decodableCodebooks == tokenizer.decodableCodebooks)
        #expect(opened.normalization == tokenizer.normalization)
        #expect(opened.requiredActionSpace == tokenizer.requiredActionSpace)
        #expect(try TokenizerRegistry.horizon(of: folder) == tokenizer.horizon)
        #expect(try TokenizerRegistry.belongsToRobot(folder))
        let chunks = try actions.normalizedChunks(horizon: tokenizer.horizon)
        let tokens = try tokenizer.tokens(for: chunks)
        #expect(try opened.tokens(for: chunks) == tokens)
        let decoded = try opened.chunks(for: tokens)
        let expected = try tokenizer.chunks(for: tokens)
        #expect(decoded.values.count == expected.values.count)
        // What was opened decodes on CPU kernels.
        #expect(zip(decoded.values, expected.values).allSatisfy { abs($0 - $1) < 1e-5 })
        let lowest = tokenizer.normalization.normalized(tokenizer.normalization.statistics.min)
        let largest = tokenizer.normalization.normalized(tokenizer.normalization.statistics.max)
        for (index, value) in decoded.values.enumerated() {
            let column = index % tokenizer.dimension
            #expect(lowest[column] <= value && value <= largest[column])
        }
        let again = parent.appending(path: "again")
        try opened.save(to: again)
        #expect(try TokenizerRegistry.open(again, device: .cpu).tokens(for: chunks) == tokens)
    }

    @Test("takes a robot's statistics for models and vocabularies that belong to none")
    func withoutRobot() throws {
        let model = parent.appending(path: "model")
        try SampleActions.model().save(to: model)
        for (folder, horizon) in [(model, nil), (SampleActions.publicProcessor, 12)] {
            #expect(try !TokenizerRegistry.belongsToRobot(folder))
            #expect(try TokenizerRegistry.horizon(of: folder) == horizon)
            let error = #expect(throws: ActionTokenizerError.self) {
                try TokenizerRegistry.open(folder, device: .cpu)
            }
            #expect(error?.description.contains(folder.lastPathComponent) == true)
            let opened = try TokenizerRegistry.open(folder, for: actions, horizon: 9, device: .cpu)
            #expect(try opened.normalization == actions.normalization(horizon: SampleActions.horizon))
            #expect(opened.horizon == horizon ?? 9)
        }
    }

    @Test("uses another robot's network where that is asked for, and refuses its columns elsewhere")
    func otherRobot() throws {
        let folder = parent.appending(path: "other")
        let other = try SampleActions.robot("left_joints=0:3,right_joints=3:5")
        try FASTerVQTokenizer(
            SampleActions.model(),
            actionSpace: other.actionSpace,
            horizon: SampleActions.horizon,
            normalization: other.normalization(horizon: SampleActions.horizon)
        ).save(to: folder)
        let error = #expect(throws: ActionTokenizerError.self) {
            try TokenizerRegistry.open(folder, for: actions, horizon: 16, device: .cpu)
        }
        #expect(error?.description.contains("is for actions of 5 columns, the dataset has 3") == true)
        let adapted = try TokenizerRegistry.open(
            folder,
            for: actions,
            horizon: 16,
            adapting: true,
            device: .cpu
        )
        #expect(adapted.requiredActionSpace == actions.actionSpace)
        #expect(adapted.horizon == SampleActions.horizon)
    }

    @Test(
        "decodes a nearly constant column to the constant",
        arguments: TokenizerRegistry.names,
        [Float(0), 1e-9, 1e-6]
    )
    func nearlyConstant(name: String, width: Float) throws {
        let constant: Float = 0.7
        let still = try SampleActions.robot(still: constant ... constant + width)
        let tokenizer = try Self.tokenizer(name, still)
        let horizon = SampleActions.horizon
        var chunks = try still.normalizedChunks(horizon: horizon)
        #expect(stride(from: 2, to: chunks.values.count, by: 3).allSatisfy { chunks.values[$0] == 0 })
        chunks = tokenizer.restored(chunks)
        let decoded = try tokenizer.robotUnits(for: tokenizer.tokens(forRobotUnits: chunks))
        for index in stride(from: 2, to: decoded.values.count, by: 3) {
            #expect(abs(decoded.values[index] - constant) < 2e-6)
        }
    }

    @Test("opens no tokenizer of relative actions for a dataset of absolute ones")
    func transform() throws {
        let transform = ActionTransform(stateDimension: 3, parts: [.init(columns: 0 ..< 2, stateStart: 1)])
        let relative = try SampleActions.robot(transform: transform)
        for name in TokenizerRegistry.names {
            let folder = parent.appending(path: "relative-\(name)")
            let tokenizer = try Self.tokenizer(name, relative)
            try tokenizer.save(to: folder)
            #expect(try TokenizerRegistry.open(folder, device: .cpu).normalization.transform == transform)
            let same = try TokenizerRegistry.open(folder, for: relative, horizon: 12, device: .cpu)
            #expect(same.normalization.transform == transform)
            let error = #expect(throws: ActionTokenizerError.self) {
                try TokenizerRegistry.open(folder, for: actions, horizon: 12, device: .cpu)
            }
            #expect(error?.description.contains("pass the --mapping") == true)
        }
    }

    @Test("names the folder or the tokenizer that it does not know")
    func unknown() throws {
        #expect(throws: ActionTokenizerError("/no/such: no such folder")) {
            try TokenizerRegistry.open(URL(filePath: "/no/such"), device: .cpu)
        }
        try FittedTokenizer.binning.fit(to: actions, horizon: 4).save(to: parent.url)
        let file = parent.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacing("\"binning\"", with: "\"huffman\"").write(
            to: file,
            atomically: true,
            encoding: .utf8
        )
        let error = #expect(throws: ActionTokenizerError.self) {
            try TokenizerRegistry.open(parent.url, device: .cpu)
        }
        #expect(error?.description.hasSuffix("vq-vla, oat, found 'huffman'") == true)
    }
}
