import Foundation
import NN
import Torch

@testable import Training

/// Stands for the kill of a training.
struct Killed: Error {}

/// A training of one weight towards zero, whose metrics and evaluations are given.
struct SmallTask: TrainingTask {
    let seed: UInt64 = 0
    let weight = NamedTensor(name: "w", tensor: Tensor.ones([2, 2]).requiringGradient())
    var evaluations: [PeriodicEvaluation] = []
    var earlyStopping: EarlyStopping?
    var metrics: (Int) -> [String: Double] = { _ in [:] }

    var parameters: [NamedTensor] { [weight] }

    var state: [NamedTensor] { [weight] }

    func losses(at step: Int, computeDType: DType?) -> [() throws -> TrainingLoss] {
        [{ TrainingLoss(total: (weight.tensor * weight.tensor).sum()) { metrics(step) } }]
    }

    /// Trains with a checkpoint every two steps.
    ///
    /// - Parameters:
    ///   - steps: Number of steps.
    ///   - folder: Folder of metrics and checkpoint.
    ///   - identity: Identity of the training.
    ///   - logEvery: Steps between lines of metrics.
    ///   - emaDecay: Decay of averaged weights.
    ///   - kill: The step after which the training is killed, if it is logged; nil for none.
    /// - Returns: The end of the training.
    /// - Throws: ``Killed`` and the trainer's errors.
    @discardableResult
    func train(
        steps: Int,
        in folder: URL,
        identity: String = "same",
        logEvery: Int = 1,
        emaDecay: Double = 0,
        killAfter kill: Int? = nil
    ) throws -> Trainer.Outcome {
        var recipe = OptimizationRecipe(
            steps: steps,
            batchSize: 1,
            warmUpSteps: 0,
            checkpointEvery: 2,
            logEvery: logEvery
        )
        recipe.optimizer.learningRate = 0.1
        recipe.emaDecay = emaDecay
        let trainer = Trainer(recipe, in: folder, identity: identity, device: .cpu) {
            if $0.step - 1 == kill { throw Killed() }
        }
        return try trainer.train(self, resume: true)
    }
}
