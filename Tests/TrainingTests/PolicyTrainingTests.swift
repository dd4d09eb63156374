import Foundation
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

    /// Flow matching on the first episode, whose loss draws noise in every step.
    private func assignment(heldOut: [Int] = []) throws -> PolicyTraining.Assignment {
        let recipe = try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=flow", "steps=12", "batchSize=4", "width=32", "layerCount=2", "headCount=2",
                "expert.width=32", "pixelsPerToken=32", "precision=float32", "checkpointEvery=5",
                "validateEvery=10", "validationExamples=8",
            ]
        )
        let demonstrations = try Demonstrations(opening: folder.appending(path: "data"))
        var assignment = PolicyTraining.Assignment(demonstrations, recipe: recipe)
        (assignment.episodes, assignment.heldOut, assignment.horizon) = ([0], heldOut, 8)
        return assignment
    }

    /// The weights at the end.
    @discardableResult
    private func run(
        _ assignment: PolicyTraining.Assignment,
        to name: String,
        resume: Bool = false
    ) throws -> Data {
        let place = folder.appending(path: name)
        try PolicyTraining.run(
            assignment,
            to: place,
            resume: resume,
            device: .cpu,
            decoding: { _, _ in },
            report: { _ in }
        )
        return try Data(contentsOf: place.appending(path: "model.safetensors"))
    }

    private func measured(_ name: String) -> [[String: Double]] {
        TrainingMetrics.lines(of: folder.appending(path: "\(name)/metrics.jsonl"))
    }

    @Test("end with the same weights, bit for bit, whether episodes are held out or not")
    func heldOut() throws {
        let plain = try run(assignment(), to: "plain")
        #expect(try run(assignment(heldOut: [1]), to: "watched") == plain)
        #expect(measured("plain").allSatisfy { $0["validation_loss"] == nil })
        #expect(measured("watched").compactMap { $0["validation_loss"] }.count == 2)
    }

    @Test("are tried with the number of steps that are done")
    func trials() throws {
        var assignment = try self.assignment()
        var tried: [Int] = []
        assignment.trial = PolicyTrial(every: 10) { _, step in
            tried.append(step)
            return ["success": 0.5]
        }
        try run(assignment, to: "tried")
        #expect(tried == [10, 11])
    }

    @Test("do not go on with other episodes held out, and say so")
    func otherEpisodes() throws {
        var killed = try assignment()
        killed.trial = PolicyTrial(every: 10) { _, _ in throw Killed() }
        #expect(throws: Killed.self) { try run(killed, to: "killed") }
        let error = #expect(throws: TrainingRunError.self) {
            try run(assignment(heldOut: [1]), to: "killed", resume: true)
        }
        #expect(error?.description.contains("(then: nothing of it; now: held-out episodes: 1 (") == true)
        #expect(try run(assignment(), to: "killed", resume: true) == run(assignment(), to: "whole"))
    }
}
