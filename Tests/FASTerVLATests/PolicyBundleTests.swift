import Backbones
import FASTerVQ
import Foundation
import Quantizers
import RobotTypes
import Testing
import Torch

@testable import FASTerVLA

@Suite("Policies on disk")
struct PolicyBundleTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID().uuidString)")

    private func normalization(_ columns: Int) -> Normalization {
        let ones = [Float](repeating: 1, count: columns)
        return Normalization(
            method: .quantiles,
            statistics: FeatureStatistics(
                mean: ones,
                std: ones,
                q01: ones.map { -$0 },
                q99: ones,
                min: ones,
                max: ones
            )
        )
    }

    private func tokenizer(_ groups: String) throws -> FASTerVQTokenizer {
        Torch.seed(1)
        let space = try ActionSpace(parsing: groups)
        var configuration = FASTerVQConfiguration(patches: PatchShape.fitting(space, horizon: 8))
        configuration.quantizer.codebookSize = 16
        configuration.autoencoder.width = 32
        let model = FASTerVQModel(configuration, device: .cpu)
        let embodiment = Embodiment(
            patchifier: try model.makePatchifier(space, horizon: 8),
            normalization: normalization(4),
            device: .cpu
        )
        model.network.initializeCodebooks(from: [(embodiment, .randn([32, 8, 4]))])
        return try model.tokenizer(for: space, horizon: 8, normalization: normalization(4))
    }

    /// Writes a small policy and returns its configuration.
    @discardableResult
    private func save() throws -> PolicyConfiguration {
        let tokenizer = try tokenizer("position=0:3,gripper=3")
        var backbone = CompactBackbone.Configuration(
            cameras: [.init(height: 32, width: 32, pixelsPerToken: 16)],
            stateDimension: 2
        )
        (backbone.width, backbone.layerCount) = (32, 2)
        let contract = PolicyContract(
            cameras: [.init(name: "observation.images.front", height: 32, width: 32)],
            stateDimension: 2,
            horizon: 8,
            actionSpace: tokenizer.actionSpace,
            framesPerSecond: 20
        )
        let configuration = PolicyConfiguration(
            contract: contract,
            backbone: .compact(backbone),
            schedule: BlockSchedule(codebookCount: 3, placeCount: tokenizer.placeCount),
            codebookSize: 16
        )
        try PolicyBundle.save(
            configuration,
            network: FASTerVLANetwork(configuration, device: .cpu),
            tokenizer: tokenizer,
            state: normalization(2),
            to: folder
        )
        return configuration
    }

    private func observation(state: [Float] = [0.1, -0.4]) -> Observation {
        Observation(
            images: [
                "observation.images.front": Image(
                    width: 32,
                    height: 32,
                    pixels: (0 ..< 32 * 32 * 3).map { UInt8($0 % 251) }
                )
            ],
            state: state,
            instruction: "open the drawer"
        )
    }

    @Test("answer as they did before, with a chunk in the robot's range")
    func roundTrip() async throws {
        try save()
        let first = try await PolicyBundle.load(from: folder, device: .cpu).act(on: observation())
        let second = try await PolicyBundle.load(from: folder, device: .cpu).act(on: observation())
        #expect(first == second)
        #expect(first.horizon == 8)
        #expect(first.dimension == 4)
        #expect(first.values.allSatisfy { abs($0) <= 1 })
        let tokenWise = try await PolicyBundle.load(from: folder, device: .cpu, blockSize: 1).act(
            on: observation()
        )
        #expect(tokenWise.values.allSatisfy { $0.isFinite })
    }

    @Test("name what is wrong with an observation")
    func observations() async throws {
        try save()
        let policy = try PolicyBundle.load(from: folder, device: .cpu)
        let broken = await #expect(throws: ObservationError.self) {
            try await policy.act(on: observation(state: [0, .nan]))
        }
        #expect(broken?.description == "observation.state: value 1 is nan, expected a finite number")
        await #expect(throws: ObservationError.self) { try await policy.act(on: observation(state: [0])) }
    }

    @Test("are refused with a tokenizer of another robot")
    func otherRobot() throws {
        try save()
        try tokenizer("joints=0:4").save(to: folder.appending(path: "tokenizer"))
        let error = #expect(throws: PolicyBundleError.self) {
            try PolicyBundle.load(from: folder, device: .cpu)
        }
        #expect(
            error?.reason == "the tokenizer's action space is joints=0:4, the policy's position=0:3,gripper=3"
        )
    }

    @Test(
        "are refused when their own parts disagree",
        arguments: [
            (
                "\"height\" : 32,\n          \"pixelsPerToken\"",
                "\"height\" : 64,\n          \"pixelsPerToken\""
            ),
            (#""blockSize" : 5"#, #""blockSize" : 0"#),
        ]
    )
    func disagreement(from: String, to: String) throws {
        try save()
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try #require(text.contains(from))
        try Data(text.replacing(from, with: to).utf8).write(to: file)
        let error = #expect(throws: PolicyBundleError.self) {
            try PolicyBundle.load(from: folder, device: .cpu)
        }
        #expect(error?.file == file.path)
    }

    @Test("are refused when a file is missing or of a newer format")
    func missing() throws {
        try save()
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing(#""formatVersion" : 1"#, with: #""formatVersion" : 9"#).utf8).write(to: file)
        #expect(throws: PolicyBundleError.self) { try PolicyBundle.load(from: folder, device: .cpu) }
        try FileManager.default.removeItem(at: file)
        #expect(throws: PolicyBundleError.self) { try PolicyBundle.load(from: folder, device: .cpu) }
    }
}
