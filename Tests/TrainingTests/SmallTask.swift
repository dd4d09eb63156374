import Foundation
import NN
import Torch

@testable import Training

/// Stands for the kill of a training.
struct Killed: Error {}

/// A training of one weight, whose metrics are given.
struct SmallTask: TrainingTask {
    private let weight: NamedTensor
    private let metrics: (Int) -> [String: Double]

    init(_ weight: NamedTensor, metrics: @escaping (Int) -> [String: Double] = { _ in [:] }) {
        (self.weight, self.metrics) = (weight, metrics)
    }

    var parameters: [NamedTensor] { [weight] }

    var state: [NamedTensor] { [weight] }

    func loss(at step: Int, computeDType: DType?) -> TrainingLoss {
        TrainingLoss(total: (weight.tensor * weight.tensor).sum()) { metrics(step) }
    }

    /// Trains with a checkpoint every two steps, killed after step `kill` where that is given.
    func train(steps: Int, in folder: URL, identity: String = "same", killAfter kill: Int?) throws {
        let recipe = OptimizationRecipe(
            steps: steps,
            batchSize: 1,
            warmUpSteps: 0,
            checkpointEvery: 2,
            logEvery: 1
        )
        let trainer = Trainer(recipe, in: folder, identity: identity, device: .cpu) {
            if $0.step - 1 == kill { throw Killed() }
        }
        try trainer.train(self, resume: true)
    }
}
