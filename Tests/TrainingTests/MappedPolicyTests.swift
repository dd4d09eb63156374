import ActionTokenizers
import FASTerVLA
import Foundation
import RobotTypes
import Synchronization
import TemporaryFolder
import Testing
import Torch

@testable import Training

/// A tokenizer that decodes the tokens of one known chunk, whatever a policy predicts.
private final class Oracle: ActionTokenizer {
    private let base: any ActionTokenizer
    private let known: [[Int]]

    init(_ base: any ActionTokenizer, _ known: [[Int]]) { (self.base, self.known) = (base, known) }

    var name: String { base.name }
    var horizon: Int { base.horizon }
    var normalization: Normalization { base.normalization }
    var layout: TokenLayout { base.layout }
    var decodableCodebooks: ClosedRange<Int> { base.decodableCodebooks }

    func tokens(for chunks: ActionChunks) throws -> [[Int]] { try base.tokens(for: chunks) }

    func unclippedChunks(for _: [[Int]]) throws -> ActionChunks { try base.unclippedChunks(for: known) }

    func unclippedChunks(forSampled _: [[Int]]) throws -> ActionChunks {
        try base.unclippedChunks(for: known)
    }

    func save(to folder: URL) throws { try base.save(to: folder) }
}

@Suite("Policies with a mapping", .serialized)
struct MappedPolicyTests {
    struct Killed: Error {}

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try TwoRobots.write(to: folder.url)
    }

    /// Actions of two features, one of them relative to the state.
    private func source(state: String = "[x, y]") throws -> PolicySource {
        let mapping = """
            action:
              arm: {source: action, columns: [x, y], type: position, relative: true}
              pose: {source: observation.state, columns: 1, type: other}
            state:
              arm: {columns: \(state)}
            cameras: {observation.images.cam_high: top}
            """
        let demonstrations = try Demonstrations(
            opening: folder.appending(path: "arm"),
            mapping: try DatasetMapping(yaml: mapping, file: "arm.yaml")
        )
        return PolicySource(demonstrations)
    }

    private func training(_ source: PolicySource) throws -> PolicyTraining {
        let recipe = try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=binning", "optimization.steps=6", "optimization.batchSize=4",
                "optimization.computeDType=float32", "optimization.checkpointEvery=2", "backbone.width=32",
                "backbone.layerCount=2", "backbone.headCount=2", "backbone.pixelsPerToken=32",
                "expert.width=32",
            ]
        )
        var training = PolicyTraining([source], recipe: recipe, device: .cpu)
        training.horizon = 4
        return training
    }

    @Test("give a robot absolute actions: codes of a known chunk, decoded beside its state, are that chunk")
    func absolute() async throws {
        let source = try source()
        let output = folder.appending(path: "policy")
        try training(source).run(to: output, resume: false, decoding: { _, _ in }, report: { _ in })
        let parts = try PolicyFolder.parts(of: output, device: .cpu)
        let tokenizer = try #require(parts.actions.tokenizer)
        let step = 9
        let relative = try source.demonstrations.chunks(horizon: 4, episodes: nil)[step ..< step + 1]
        let policy = FASTerVLAPolicy(
            configuration: parts.configuration,
            network: parts.network,
            processor: try parts.configuration.backbone.makeProcessor(parts.model),
            actions: .codes(Oracle(tokenizer, try tokenizer.tokens(forRobotUnits: relative))),
            state: parts.state,
            device: .cpu
        )
        let time = Float(step) / 5
        let observation = Observation(
            images: ["top": Image(width: 32, height: 32, pixels: Array(repeating: 9, count: 32 * 32 * 3))],
            state: [sin(time), cos(time)],
            instruction: "wave"
        )
        let chunk = try await policy.act(on: observation).chunk
        #expect(chunk.dimension == 3 && chunk.horizon == 4)
        for row in 0 ..< 4 {
            let time = Float(step + row) / 5
            let recorded = [cos(time), -sin(time), cos(time)]
            for (column, value) in recorded.enumerated() {
                #expect(abs(chunk.values[row * 3 + column] - value) < 0.02)
            }
        }
    }

    @Test("do not resume with another mapping of the state, or of the cameras")
    func identity() throws {
        let output = folder.appending(path: "policy")
        var killed = try training(try source())
        killed.rollouts = .init(every: 4) { _, _ in throw Killed() }
        func resume(_ training: PolicyTraining) throws {
            try training.run(to: output, resume: true, decoding: { _, _ in }, report: { _ in })
        }
        #expect(throws: Killed.self) {
            try killed.run(to: output, resume: false, decoding: { _, _ in }, report: { _ in })
        }
        var other = try source()
        let mapping = try #require(other.demonstrations.mapping)
        let cameras = [DatasetMapping.Camera(feature: "observation.images.wrist", name: "top")]
        var changed = mapping
        changed.cameras = cameras
        other.demonstrations = try Demonstrations(opening: folder.appending(path: "arm"), mapping: changed)
        #expect(throws: TrainingError.self) { try resume(training(other)) }
        // The same actions and the same number of state values, in another order.
        changed = mapping
        changed.action[0].relativeTo = nil
        var plain = try source()
        plain.demonstrations = try Demonstrations(opening: folder.appending(path: "arm"), mapping: changed)
        try? FileManager.default.removeItem(at: output)
        var again = try training(plain)
        again.rollouts = .init(every: 4) { _, _ in throw Killed() }
        #expect(throws: Killed.self) {
            try again.run(to: output, resume: false, decoding: { _, _ in }, report: { _ in })
        }
        changed.state[0].columns = .names(["y", "x"])
        var turned = plain
        turned.demonstrations = try Demonstrations(opening: folder.appending(path: "arm"), mapping: changed)
        #expect(throws: TrainingError.self) { try resume(training(turned)) }
        try resume(training(plain))
    }
}
