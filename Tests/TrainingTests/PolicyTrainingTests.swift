import Foundation
import Support
import TemporaryFolder
import Testing
import Torch

@testable import Training

@Suite("Trainings of policies", .serialized)
struct PolicyTrainingTests {
    struct Killed: Error {}

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try SampleDemonstrations.write(to: folder.appending(path: "data"))
    }

    /// Flow matching on the first episode, whose loss samples noise in every step.
    private func training(heldOut: [Int] = [], parts: Int = 1) throws -> PolicyTraining {
        let recipe = try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=flow", "optimization.steps=12", "optimization.batchSize=4",
                "optimization.computeDType=float32", "optimization.checkpointEvery=5", "backbone.width=32",
                "backbone.layerCount=2", "backbone.headCount=2", "backbone.pixelsPerToken=32",
                "expert.width=32", "validateEvery=10", "validationExamples=8",
                "optimization.accumulationSteps=\(parts)",
            ]
        )
        let demonstrations = try Demonstrations(opening: folder.appending(path: "data"))
        var source = PolicySource(demonstrations)
        (source.episodes, source.heldOut) = ([0], heldOut)
        var training = PolicyTraining([source], recipe: recipe, device: .cpu)
        training.horizon = 8
        return training
    }

    /// The weights at the end.
    @discardableResult
    private func run(
        _ training: PolicyTraining,
        to name: String,
        resume: Bool = false
    ) throws -> Data {
        let output = folder.appending(path: name)
        try training.run(to: output, resume: resume, decoding: { _, _ in }, report: { _ in })
        return try Data(contentsOf: output.appending(path: "model.safetensors"))
    }

    private func measured(_ name: String) -> [[String: Double]] {
        TrainingMetrics.lines(of: folder.appending(path: "\(name)/metrics.jsonl"))
    }

    @Test("end with the same weights, bit for bit, whether episodes are held out or not")
    func heldOut() throws {
        let plain = try run(training(), to: "plain")
        #expect(try run(training(heldOut: [1]), to: "watched") == plain)
        #expect(measured("plain").allSatisfy { $0["validation_loss"] == nil })
        #expect(measured("watched").compactMap { $0["validation_loss"] }.count == 2)
    }

    @Test("resume to the bit with accumulated gradients, too")
    func accumulated() throws {
        var killed = try training(parts: 2)
        killed.rollouts = .init(every: 10) { _, _ in throw Killed() }
        #expect(throws: Killed.self) { try run(killed, to: "killed") }
        let whole = try run(training(parts: 2), to: "whole")
        #expect(try run(training(parts: 2), to: "killed", resume: true) == whole)
    }

    @Test("are evaluated in rollouts with the number of steps done")
    func rollouts() throws {
        var training = try self.training()
        var steps: [Int] = []
        training.rollouts = .init(every: 10) { _, step in
            steps.append(step)
            return ["success": 0.5]
        }
        try run(training, to: "watched")
        #expect(steps == [10, 11])
    }

    @Test("do not resume with other episodes held out, and say so")
    func otherEpisodes() throws {
        var killed = try training()
        killed.rollouts = .init(every: 10) { _, _ in throw Killed() }
        #expect(throws: Killed.self) { try run(killed, to: "killed") }
        let error = #expect(throws: TrainingError.self) {
            try run(training(heldOut: [1]), to: "killed", resume: true)
        }
        #expect(error?.description.contains("(then: nothing of it; now: held-out episodes: 1 (") == true)
        #expect(try run(training(), to: "killed", resume: true) == run(training(), to: "whole"))
    }
}
