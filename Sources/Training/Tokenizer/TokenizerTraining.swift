public import FASTerVQ
internal import NN
internal import RobotTypes
public import Torch

/// Trains a FASTerVQ network on one robot's chunks, or on many robots'.
public struct TokenizerTraining {
    private let recipe: TokenizerRecipe
    private let sources: [TokenizerSource]
    private let seed: UInt64
    private let device: Device

    /// Prepares a training.
    ///
    /// - Parameters:
    ///   - recipe: How to train.
    ///   - sources: What to learn from.
    ///   - seed: Determines first weights and draws.
    ///   - device: Where to compute.
    public init(recipe: TokenizerRecipe, sources: [TokenizerSource], seed: UInt64, device: Device) {
        precondition(!sources.isEmpty, "a training needs something to learn from")
        self.recipe = recipe
        self.sources = sources
        self.seed = seed
        self.device = device
    }

    /// Trains a network in `run`.
    ///
    /// - Parameters:
    ///   - run: The course of the training.
    ///   - start: What to start from, its codebooks included; nil for first weights.
    ///   - resume: Whether to go on from the newest checkpoint.
    /// - Returns: The trained network.
    /// - Throws: ``PatchError`` when a robot does not fit the network's patches, and the run's errors.
    public func train(run: TrainingRun, from start: FASTerVQModel? = nil, resume: Bool) throws
        -> FASTerVQModel
    {
        Torch.seed(seed)
        let model = start ?? FASTerVQModel(configuration, device: device)
        let network = model.network
        let parameters = network.parameters
        let optimizer = AdamW(parameters, configuration: recipe.optimizer)
        let schedule = CosineSchedule(warmUpSteps: recipe.warmUpSteps, totalSteps: recipe.steps)
        let precision = try MixedPrecision(recipe.precision, device: device)
        let data = try sources.map { source in
            let patchifier = try model.makePatchifier(source.actionSpace, horizon: source.chunks.horizon)
            let embodiment = Embodiment(
                patchifier: patchifier,
                normalization: source.normalization,
                device: device
            )
            return SourceTensors(source, embodiment: embodiment, device: device)
        }
        let quantizeAfter = start == nil ? min(recipe.quantizeAfter, recipe.steps / 4) : 0
        try run.run(network.tensors, optimizer: optimizer, resume: resume) { step, measure in
            if step == quantizeAfter && start == nil { initializeCodebooks(network, data) }
            var draw = SeededRandom(seed: seed, 1, UInt64(step))
            let batch = batch(of: data, &draw)
            let depths = quantizerDropout(batch.reduce(0) { $0 + $1.actions.size(0) }, &draw)
            let loss = network.loss(
                batch,
                depths: depths,
                quantizing: step >= quantizeAfter,
                weights: recipe.loss,
                precision: precision.dtype
            )
            loss.total.backward()
            let length = GradientClipping.clip(parameters, limit: recipe.gradientClip)
            let factor = schedule.factor(at: step)
            optimizer.step(factor: factor)
            optimizer.forgetGradients()
            return measure ? measurements(loss, gradient: length, factor: factor) : [:]
        }
        return model
    }

    /// The architecture: patches that fit the one robot there is, or robots of every kind.
    private var configuration: FASTerVQConfiguration {
        let only = sources.count == 1 ? sources.first : nil
        var configuration = FASTerVQConfiguration(
            patches: only.map {
                PatchShape.fitting($0.actionSpace, horizon: $0.chunks.horizon, places: recipe.places)
            } ?? PatchShape.universal
        )
        configuration.autoencoder = recipe.autoencoder
        configuration.quantizer = recipe.quantizer
        return configuration
    }

    /// Random chunks of a few random robots, every robot's share the same.
    private func batch(of data: [SourceTensors], _ draw: inout SeededRandom) -> [TrainingChunks] {
        let robots = min(max(1, recipe.robotsPerStep), data.count)
        var left = Array(data.indices)
        return (0 ..< robots).map { _ in
            let total = left.reduce(0) { $0 + sources[$1].weight }
            var rest = Double.random(in: 0 ..< max(total, .leastNonzeroMagnitude), using: &draw)
            let position =
                left.firstIndex {
                    rest -= sources[$0].weight
                    return rest < 0
                } ?? left.count - 1
            let source = data[left.remove(at: position)]
            return source.chunks(
                at: (0 ..< max(1, recipe.batchSize / robots)).map { _ in
                    Int.random(in: 0 ..< source.count, using: &draw)
                }
            )
        }
    }

    /// How many codebooks each of `count` chunks may use; nil where the recipe drops none.
    private func quantizerDropout(_ count: Int, _ draw: inout SeededRandom) -> Tensor? {
        guard recipe.quantizerDropout > 0 else { return nil }
        let all = recipe.quantizer.codebookCount
        let depths = (0 ..< count).map { _ in
            Double.random(in: 0 ..< 1, using: &draw) < recipe.quantizerDropout
                ? Int.random(in: 1 ... all, using: &draw) : all
        }
        return Tensor(depths, device: device)
    }

    private func initializeCodebooks(_ network: FASTerVQNetwork, _ data: [SourceTensors]) {
        var random = SeededRandom(seed: seed, 3)
        network.initializeCodebooks(
            from: data.map { source in
                let count = min(recipe.initialChunks / data.count, source.count)
                let picks = Array((0 ..< source.count).shuffled(using: &random).prefix(count))
                return (source.embodiment, source.actions.gathering(Tensor(picks, device: device), axis: 0))
            }
        )
    }

    private func measurements(_ loss: TokenizerLoss, gradient: Tensor, factor: Double) -> [String: Double] {
        [
            "loss": loss.total.item, "l1": loss.l1.item, "frequency": loss.frequency.item,
            "commitment": loss.commitment.item, "peak": loss.peak.item, "gradient": gradient.item,
            "learning_rate": recipe.optimizer.learningRate * factor,
        ]
    }
}
