import FASTerVLA
import Foundation
import RobotTypes
import TemporaryFolder
import Testing
import Torch

@testable import Training

@Suite("Policies of relative actions", .serialized)
struct RelativePolicyTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try SampleDemonstrations.write(to: folder.appending(path: "data"))
    }

    @Test("add the observed state to what they predict, as their folder says")
    func served() async throws {
        let mapping = try DatasetMapping(
            yaml: """
                action:
                  arm: {columns: 0:2, relative: true}
                  gripper: {columns: 2}
                cameras: {observation.images.front: top}
                """,
            file: "robot.yaml"
        )
        let demonstrations = try Demonstrations(opening: folder.appending(path: "data"), mapping: mapping)
        let recipe = try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=regression", "optimization.steps=0", "optimization.computeDType=float32",
                "backbone.width=32", "backbone.layerCount=2", "backbone.headCount=2",
                "backbone.pixelsPerToken=32", "expert.width=32",
            ]
        )
        var training = PolicyTraining([PolicySource(demonstrations)], recipe: recipe, device: .cpu)
        training.horizon = 4
        let output = folder.appending(path: "policy")
        try training.run(to: output, resume: false, decoding: { _, _ in }, report: { _ in })
        let state: [Float] = [0.25, -0.5]
        let observation = Observation(
            images: ["top": Image(width: 32, height: 32, pixels: Array(repeating: 9, count: 32 * 32 * 3))],
            state: state,
            instruction: "wave"
        )
        let relative = try await PolicyFolder.load(from: output, device: .cpu).act(on: observation).chunk
        let file = output.appending(path: NormalizationSet.fileName)
        var content = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        )
        #expect(content.removeValue(forKey: "transform") != nil)
        try JSONSerialization.data(withJSONObject: content).write(to: file)
        let plain = try await PolicyFolder.load(from: output, device: .cpu).act(on: observation).chunk
        for (index, value) in plain.values.enumerated() {
            let offset = index % 3 < 2 ? state[index % 3] : 0
            #expect(abs(relative.values[index] - value - offset) < 1e-5)
        }
    }
}
