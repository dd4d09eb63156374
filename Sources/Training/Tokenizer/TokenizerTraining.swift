public import FASTerVQ
public import LearnedBaselines
internal import NN
internal import RobotTypes
internal import Support
public import Torch

/// Trains a tokenizer's network: FASTerVQ's on one robot's chunks or on many robots', a baseline's on one robot's.
///
/// All kinds share optimizer, schedule, batches and steps, so that what differs is the tokenizer.
public struct TokenizerTraining {
    let recipe: TokenizerRecipe
    let sources: [TokenizerSource]
    let seed: UInt64
    let device: Device

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

    /// Trains FASTerVQ's network in `run`.
    ///
    /// - Parameters:
    ///   - run: The course of the training.
    ///   - start: What to start from, its codebooks included; nil for first weights.
    ///   - resume: Whether to go on from the newest checkpoint.
    ///   - refining: Called after every codebook that is fitted when the network is trained, with how many there are.
    /// - Returns: The trained network.
    /// - Throws: `PatchError` when a robot does not fit the network's patches, and the run's errors.
    public func train(
        run: TrainingRun,
        from start: FASTerVQModel? = nil,
        resume: Bool,
        refining: (_ done: Int, _ all: Int) -> Void = { _, _ in }
    ) throws -> FASTerVQModel {
        Torch.seed(seed)
        let prepared = start?.refining(codebooks: recipe.refinement.codebookCount)
        let trainee = try FASTerVQTrainee(self, from: prepared)
        try train(trainee, in: run, resume: resume)
        // Without a step, what it started from has as many refinements as it had already.
        let fits = start?.configuration.refinement.codebookCount == recipe.refinement.codebookCount
        if recipe.steps > 0 || !fits { trainee.fitRefinement(report: refining) }
        return trainee.model
    }

    /// Trains a baseline's network in `run`, on the first source.
    ///
    /// - Parameters:
    ///   - configuration: The architecture.
    ///   - run: The course of the training.
    ///   - resume: Whether to go on from the newest checkpoint.
    /// - Returns: The trained tokenizer.
    /// - Throws: The run's errors.
    public func train<Network: ChunkAutoencoder>(
        _ configuration: Network.Configuration,
        run: TrainingRun,
        resume: Bool
    ) throws -> LearnedTokenizer<Network> {
        Torch.seed(seed)
        let source = sources[0]
        let trainee = BaselineTrainee<Network>(configuration, source, self)
        try train(trainee, in: run, resume: resume)
        return LearnedTokenizer(
            trainee.network,
            horizon: source.chunks.horizon,
            normalization: source.normalization,
            device: device
        )
    }

    private func train(_ trainee: some TrainableTokenizer, in run: TrainingRun, resume: Bool) throws {
        let parameters = trainee.network.parameters
        let optimizer = AdamW(parameters, configuration: recipe.optimizer)
        let schedule = CosineSchedule(warmUpSteps: recipe.warmUpSteps, totalSteps: recipe.steps)
        let precision = try MixedPrecision(recipe.precision, device: device)
        let quantizeAfter = trainee.hasCodebooks ? 0 : min(recipe.quantizeAfter, recipe.steps / 4)
        try run.run(trainee.network.tensors, optimizer: optimizer, resume: resume) { step, measure in
            if step == quantizeAfter && !trainee.hasCodebooks { trainee.initializeCodebooks() }
            var draw = SeededRandom(seed: seed, 1, UInt64(step))
            let loss = trainee.loss(
                quantizing: step >= quantizeAfter,
                precision: precision.dtype,
                &draw
            )
            loss.total.backward()
            let length = GradientClipping.clip(parameters, limit: recipe.gradientClip)
            let factor = schedule.factor(at: step)
            optimizer.step(factor: factor)
            optimizer.forgetGradients()
            guard measure else { return [:] }
            var measured = loss.parts.mapValues(\.item)
            measured["loss"] = loss.total.item
            measured["gradient"] = length.item
            measured["learning_rate"] = recipe.optimizer.learningRate * factor
            return measured
        }
    }
}
