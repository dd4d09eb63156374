import Foundation
import NN
import Support
import TemporaryFolder
import Testing
import Torch

@testable import Training

@Suite("The trainer")
struct TrainerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func metrics(_ name: String) -> [[String: Double]] {
        TrainingMetrics.lines(of: folder.appending(path: "\(name)/metrics.jsonl"))
    }

    @Test("logs every few steps and the last one, and evaluates at the first logged step after every few")
    func schedule() throws {
        var task = SmallTask()
        task.evaluations = [PeriodicEvaluation(every: 5) { ["evaluated_after": Double($0)] }]
        task.metrics = { ["loss": Double($0)] }
        try task.train(steps: 11, in: folder.appending(path: "out"), logEvery: 3)
        let lines = metrics("out")
        #expect(lines.map { $0["step"] } == [0, 3, 6, 9, 10])
        #expect(lines.map { $0["loss"] } == [0, 3, 6, 9, 10])
        #expect(lines.map { $0["evaluated_after"] } == [nil, nil, 6, nil, 10])
        #expect(lines.allSatisfy { $0["gradient_norm"] != nil && $0["learning_rate"] != nil })
    }

    @Test("evaluates and ends with averaged weights, and continues with those of the last step")
    func average() throws {
        func train(_ name: String, emaDecay: Double) throws -> (lines: [[String: Double]], end: Double) {
            let task = SmallTask()
            func weight() -> [String: Double] { ["weight": task.weight.tensor.mean().item] }
            var watched = task
            watched.metrics = { _ in weight() }
            watched.evaluations = [
                PeriodicEvaluation(every: 1) { _ in ["evaluated": weight()["weight"] ?? 0] }
            ]
            try watched.train(steps: 6, in: folder.appending(path: name), emaDecay: emaDecay)
            return (metrics(name), task.weight.tensor.mean().item)
        }
        let plain = try train("plain", emaDecay: 0)
        let averaged = try train("averaged", emaDecay: 0.3)
        let weights = plain.lines.compactMap { $0["weight"] }
        #expect(weights.count == 6 && plain.end == weights[5])
        #expect(averaged.lines.map { $0["weight"] } == weights)
        var average = 1.0
        for (step, weight) in weights.enumerated() {
            // Averages forget faster at the beginning.
            let kept = min(0.3, Double(1 + step) / Double(10 + step))
            average = kept * average + (1 - kept) * weight
            guard let evaluated = averaged.lines[step]["evaluated"] else {
                #expect(step == 0)
                continue
            }
            #expect(abs(evaluated - average) < 1e-5)
        }
        #expect(abs(averaged.end - average) < 1e-5)
    }

    @Test(
        "ends with the weights of the lowest error, after as many higher ones as it is patient for, also when it was killed",
        arguments: [0, 0.5],
        [(patience: 3, kill: nil), (3, 5), (0, nil), (0, 6)] as [(patience: Int, kill: Int?)]
    )
    func earlyStopping(emaDecay: Double, end: (patience: Int, kill: Int?)) throws {
        let errors = [9.0, 5, 6, 2, 4, 3, 7, 8, 5, 6]
        var lowest: [Float] = []
        func train(killAfter kill: Int?) throws -> (outcome: Trainer.Outcome, weight: [Float]) {
            var task = SmallTask()
            task.earlyStopping = EarlyStopping(metric: "error", patience: end.patience)
            let weight = task.weight.tensor
            task.evaluations = [
                PeriodicEvaluation(every: 1) { step in
                    if step == 3 { lowest = weight.floats }
                    return ["error": errors[step]]
                }
            ]
            let folder = folder.appending(path: "out")
            let outcome = try task.train(steps: 10, in: folder, emaDecay: emaDecay, killAfter: kill)
            return (outcome, weight.floats)
        }
        if let kill = end.kill {
            #expect(throws: Killed.self) { _ = try train(killAfter: kill) }
        }
        let (outcome, weight) = try train(killAfter: nil)
        #expect(outcome == Trainer.Outcome(steps: end.patience == 3 ? 7 : 10, keptStep: 4))
        #expect(weight == lowest)
        #expect(metrics("out").count == outcome.steps)
    }

    @Test("ends with the last weights where no error was measured")
    func unmeasured() throws {
        var task = SmallTask()
        task.earlyStopping = EarlyStopping(metric: "error", patience: 1)
        task.evaluations = [PeriodicEvaluation(every: 1) { _ in ["error": .nan] }]
        let outcome = try task.train(steps: 6, in: folder.appending(path: "out"))
        #expect(outcome == Trainer.Outcome(steps: 2, keptStep: 2))
        #expect(task.weight.tensor.floats.allSatisfy { $0 < 1 })
    }

    @Test("keeps other trainings out of its folder")
    func lock() throws {
        let output = folder.appending(path: "out")
        var task = SmallTask()
        var refusals = 0
        task.evaluations = [
            PeriodicEvaluation(every: 1) { _ in
                #expect(throws: DurableFileError.self) { try SmallTask().train(steps: 6, in: output) }
                refusals += 1
                return [:]
            }
        ]
        try task.train(steps: 4, in: output)
        #expect(refusals == 3)
        #expect(metrics("out").count == 4)
        try SmallTask().train(steps: 6, in: output)
        #expect(metrics("out").count == 6)
    }

    @Test("ends where it diverges, and keeps the checkpoint of finite weights")
    func divergence() throws {
        let output = folder.appending(path: "out")
        var task = SmallTask()
        let weight = task.weight.tensor
        task.evaluations = [
            PeriodicEvaluation(every: 1) { step in
                if step == 4 { withoutGradients { weight.copyInPlace(Tensor.ones([2, 2]) * Double.nan) } }
                return [:]
            }
        ]
        let error = #expect(throws: TrainingError.self) { try task.train(steps: 10, in: output) }
        #expect(
            error?.description.hasPrefix(
                "the training has diverged: after 6 steps the gradient norm is nan, expected a finite number"
            ) == true
        )
        #expect(try SmallTask().train(steps: 10, in: output).steps == 10)
    }

    @Test("clips gradients to the recipe's norm")
    func clipping() throws {
        try SmallTask().train(steps: 1, in: folder.appending(path: "out"))
        // The gradient of the sum of squares of four ones is four twos.
        #expect(metrics("out")[0]["gradient_norm"] == 4)
    }

    @Test("resumes from its checkpoint with the same averages")
    func resumes() throws {
        func train(_ name: String, killAfter kill: Int?) throws -> [Float] {
            let task = SmallTask()
            try task.train(steps: 9, in: folder.appending(path: name), emaDecay: 0.9, killAfter: kill)
            return task.weight.tensor.floats
        }
        #expect(throws: Killed.self) { try train("killed", killAfter: 6) }
        #expect(try train("killed", killAfter: nil) == train("whole", killAfter: nil))
    }
}
