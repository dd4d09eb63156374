internal import Backbones
internal import FASTerVLA
internal import Foundation
internal import NN
internal import Torch

/// Trains a policy's network on demonstrations.
public struct PolicyTraining {
    /// Steps from one trial to the next, and what measures the network in one, given the step after which it is.
    typealias Trial = (every: Int, measure: (FASTerVLANetwork, Int) throws -> [String: Double])

    private let recipe: PolicyRecipe
    private let examples: PolicyExamples
    private let validation: PolicyValidation?
    private let seed: UInt64
    private let device: Device

    /// Prepares a training.
    ///
    /// - Parameters:
    ///   - recipe: How to train.
    ///   - examples: What to learn from.
    ///   - validation: Measures on what is held out; nil for nothing.
    ///   - seed: Determines first weights, order and augmentation.
    ///   - device: Where to compute.
    init(
        recipe: PolicyRecipe,
        examples: PolicyExamples,
        validation: PolicyValidation? = nil,
        seed: UInt64,
        device: Device
    ) {
        self.recipe = recipe
        self.examples = examples
        self.validation = validation
        self.seed = seed
        self.device = device
    }

    /// Trains `configuration`'s network in `run`, from first weights or from `start`.
    ///
    /// - Parameters:
    ///   - configuration: What to train.
    ///   - start: Weights to begin with.
    ///   - run: Where measurements and checkpoints go.
    ///   - resume: Whether to go on from the newest checkpoint.
    ///   - trial: Measures the network with averaged weights now and then; steps are counted from 0 as in the metrics.
    /// - Returns: The trained network.
    /// - Throws: The errors of runs, datasets and trials.
    func train(
        _ configuration: PolicyConfiguration,
        from start: PolicyStart? = nil,
        run: TrainingRun,
        resume: Bool,
        trial: Trial? = nil
    ) throws -> FASTerVLANetwork {
        Torch.seed(seed)
        let network = try makeNetwork(configuration, from: start)
        let foresight = makeForesight(network)
        let parameters = network.parameters + (foresight?.parameters ?? [])
        let optimizer = AdamW(parameters, configuration: recipe.optimizer)
        let schedule = CosineSchedule(warmUpSteps: recipe.warmUpSteps, totalSteps: recipe.steps)
        let precision = try MixedPrecision(recipe.precision, device: device)
        let average = recipe.averageDecay > 0 ? WeightAverage(parameters, decay: recipe.averageDecay) : nil
        let batches = BatchQueue(recipe: recipe, examples: examples, seed: seed)
        defer { batches.cancel() }
        try run.run(
            network.tensors + (foresight?.tensors ?? []) + (average?.state ?? []),
            optimizer: optimizer,
            resume: resume,
            prepare: { batches.start(at: $0) }
        ) { step, measure in
            let (loss, further) = try losses(of: batches.next(), network, foresight, precision)
            further.reduce(loss.total) { $0 + $1.loss * $1.weight }.backward()
            let length = GradientClipping.clip(parameters, limit: recipe.gradientClip)
            let factor = schedule.factor(at: step)
            optimizer.step(factor: factor)
            optimizer.forgetGradients()
            average?.update(step: step)
            guard measure else { return [:] }
            let measured = measurements(loss, further, gradient: length, factor: factor)
            let due = try measurementsDue(after: step, of: network, average, foresight, trial)
            return measured.merging(due) { $1 }
        }
        average?.apply()
        return network
    }

    /// The network to begin with: first weights, and over them what is taken from `start`.
    private func makeNetwork(_ configuration: PolicyConfiguration, from start: PolicyStart?) throws
        -> FASTerVLANetwork
    {
        let network = FASTerVLANetwork(configuration, device: device)
        try start?.copy(into: network)
        return network
    }

    private func makeForesight(_ network: FASTerVLANetwork) -> Foresight? {
        let states = recipe.foresight.chunks.count
        guard states > 0 else { return nil }
        return Foresight(
            states: states,
            dimension: examples.stateDimension,
            backbone: network.backbone,
            device: device
        )
    }

    /// What a step on `batch` minimises: the policy's loss, and those of what else the backbone tells.
    private func losses(
        of batch: PolicyBatch,
        _ network: FASTerVLANetwork,
        _ foresight: Foresight?,
        _ precision: MixedPrecision
    ) -> (policy: PolicyLoss, further: [FurtherTask]) {
        let (input, targets) = batch.tensors(examples, device: device)
        return withAutocast(to: precision.dtype, on: device) {
            let prefix = network.backbone.prefix(of: input)
            let loss = network.loss(after: prefix, targets: targets, settings: recipe.lossSettings)
            return (policy: loss, further: furtherTasks(batch, prefix, foresight))
        }
    }

    /// What else the backbone's `prefix` of a batch is to tell.
    private func furtherTasks(_ batch: PolicyBatch, _ prefix: Prefix, _ foresight: Foresight?)
        -> [FurtherTask]
    {
        var tasks: [FurtherTask] = []
        if let foresight {
            let states = batch.foreseenStates(examples, device: device)
            let loss = foresight.loss(of: states, after: prefix)
            tasks.append(FurtherTask(name: "foresight", loss: loss, weight: recipe.foresight.weight))
        }
        if let sight = prefix.sight, let truth = batch.environmentTruth(examples, device: device) {
            let loss = recipe.environmentState.loss(of: sight, against: truth)
            tasks.append(
                FurtherTask(name: "environment_state", loss: loss, weight: recipe.environmentState.weight)
            )
        }
        return tasks
    }

    /// What is measured only now and then, as far as it is due after `step`: by held-out examples and by a trial, both
    /// with averaged weights where there are any, as the trained policy will have them.
    private func measurementsDue(
        after step: Int,
        of network: FASTerVLANetwork,
        _ average: WeightAverage?,
        _ foresight: Foresight?,
        _ trial: Trial?
    ) throws -> [String: Double] {
        var measured: [String: Double] = [:]
        func look(_ measure: () throws -> [String: Double]) throws {
            measured.merge(try average?.whileApplied(measure) ?? measure()) { $1 }
        }
        if let validation, isDue(step, every: recipe.validateEvery) {
            try look {
                try validation.measure(network) { furtherTasks($0, $1, foresight) }
            }
        }
        if let trial, isDue(step, every: trial.every) {
            try look { try trial.measure(network, step) }
        }
        return measured
    }

    /// Whether what is done every so many steps is due after `step`, one that is measured.
    private func isDue(_ step: Int, every: Int) -> Bool {
        step == recipe.steps - 1 || (step > 0 && step % every < TrainingRun.usualMeasureEvery)
    }

    /// What every measured step says of itself.
    private func measurements(
        _ loss: PolicyLoss,
        _ further: [FurtherTask],
        gradient: Tensor,
        factor: Double
    ) -> [String: Double] {
        var measured = [
            "loss": loss.total.item, "gradient": gradient.item,
            "learning_rate": recipe.optimizer.learningRate * factor,
        ]
        if !loss.accuracies.isEmpty {
            measured["accuracy"] = loss.accuracies.map(\.item).reduce(0, +) / Double(loss.accuracies.count)
        }
        for (codebook, accuracy) in loss.accuracies.enumerated() {
            measured["accuracy_\(codebook)"] = accuracy.item
        }
        for task in further { measured[task.name] = task.loss.item }
        return measured
    }
}

extension PolicyRecipe {
    /// How the loss is weighed.
    var lossSettings: LossSettings {
        var settings = LossSettings()
        settings.codebookWeights = codebookWeights
        settings.labelSmoothing = labelSmoothing
        return settings
    }
}

/// Something besides actions that a backbone learns to tell.
struct FurtherTask {
    /// What its error is called where it is measured.
    let name: String

    /// Its error, a scalar.
    let loss: Tensor

    /// Its share in the whole.
    let weight: Double
}

/// Batches of a training in the order of its steps, made ahead on another thread.
private final class BatchQueue {
    private let recipe: PolicyRecipe
    private let examples: PolicyExamples
    private let seed: UInt64
    private var prefetcher: Prefetcher<Result<PolicyBatch, any Error>>?

    init(recipe: PolicyRecipe, examples: PolicyExamples, seed: UInt64) {
        self.recipe = recipe
        self.examples = examples
        self.seed = seed
    }

    func start(at step: Int) {
        let (recipe, examples, seed) = (self.recipe, self.examples, self.seed)
        let order = EpochOrder(count: examples.count, batchSize: recipe.batchSize, seed: seed)
        prefetcher = Prefetcher(step ..< max(step, recipe.steps), state: order) { order, step in
            Result {
                try examples.batch(
                    order.indices(step: step),
                    augmentation: recipe.augmentation,
                    seed: seed,
                    step: step
                )
            }
        }
    }

    func next() throws -> PolicyBatch {
        guard let prefetcher else {
            preconditionFailure("batches are asked for before the first step is known")
        }
        return try prefetcher.next().get()
    }

    func cancel() { prefetcher?.cancel() }
}
