public import FASTerVQ
internal import NN
public import RobotTypes
public import Torch

/// Trains a FASTerVQ network on normalised chunks.
public struct TokenizerTraining {
    private let recipe: TokenizerRecipe
    private let chunks: ActionChunks
    private let seed: UInt64
    private let device: Device

    /// Prepares a training.
    ///
    /// - Parameters:
    ///   - recipe: How to train.
    ///   - chunks: Normalised chunks to learn from.
    ///   - seed: Determines first weights and order.
    ///   - device: Where to compute.
    public init(recipe: TokenizerRecipe, chunks: ActionChunks, seed: UInt64, device: Device) {
        self.recipe = recipe
        self.chunks = chunks.holdingLastValidStep()
        self.seed = seed
        self.device = device
    }

    /// Trains `configuration`'s network in `run`.
    ///
    /// - Returns: The trained network.
    public func train(_ configuration: FASTerVQConfiguration, run: TrainingRun, resume: Bool) throws
        -> FASTerVQNetwork
    {
        Torch.seed(seed)
        let network = FASTerVQNetwork(configuration, device: device)
        let parameters = network.parameters
        let optimizer = AdamW(parameters, configuration: recipe.optimizer)
        let schedule = CosineSchedule(warmUpSteps: recipe.warmUpSteps, totalSteps: recipe.steps)
        let precision = try MixedPrecision(recipe.precision, device: device)
        let data = tensors(network.patchifier)
        network.measureRange(of: data.actions)
        let quantizeAfter = min(recipe.quantizeAfter, recipe.steps / 4)
        var order = EpochOrder(count: chunks.count, batchSize: recipe.batchSize, seed: seed)
        try run.run(network.tensors, optimizer: optimizer, resume: resume) { step, measure in
            if step == quantizeAfter { initializeCodebooks(network, data.actions) }
            let batch = Tensor(order.indices(step: step), device: device)
            let loss = withAutocast(to: precision.dtype, on: device) {
                network.loss(
                    data.actions.gathering(batch, axis: 0),
                    stepMask: data.stepMask.gathering(batch, axis: 0),
                    placeMask: data.placeMask.gathering(batch, axis: 0),
                    quantizing: step >= quantizeAfter,
                    weights: recipe.loss
                )
            }
            loss.total.backward()
            let length = GradientClipping.clip(parameters, limit: recipe.gradientClip)
            let factor = schedule.factor(at: step)
            optimizer.step(factor: factor)
            optimizer.forgetGradients()
            return measure ? measurements(loss, gradient: length, factor: factor) : [:]
        }
        return network
    }

    /// All chunks and their masks on the device.
    private func tensors(_ patchifier: ActionPatchifier) -> (
        actions: Tensor, stepMask: Tensor, placeMask: Tensor
    ) {
        let (count, horizon) = (chunks.count, chunks.horizon)
        let steps = chunks.validSteps.flatMap { valid in (0 ..< horizon).map { Float($0 < valid ? 1 : 0) } }
        let places = patchifier.validPlaces(chunks.validSteps).map { Float($0 ? 1 : 0) }
        return (
            Tensor(chunks.values, shape: [count, horizon, chunks.dimension], device: device),
            Tensor(steps, shape: [count, horizon], device: device),
            Tensor(places, shape: [count, patchifier.placeCount], device: device)
        )
    }

    private func initializeCodebooks(_ network: FASTerVQNetwork, _ actions: Tensor) {
        let count = min(recipe.initialChunks, chunks.count)
        var random = SeededRandom(seed: seed, 3)
        let picks = Array((0 ..< chunks.count).shuffled(using: &random).prefix(count))
        network.initializeCodebooks(from: actions.gathering(Tensor(picks, device: device), axis: 0))
    }

    private func measurements(_ loss: TokenizerLoss, gradient: Tensor, factor: Double) -> [String: Double] {
        [
            "loss": loss.total.item, "l1": loss.l1.item, "frequency": loss.frequency.item,
            "commitment": loss.commitment.item, "peak": loss.peak.item, "gradient": gradient.item,
            "learning_rate": recipe.optimizer.learningRate * factor,
        ]
    }
}
