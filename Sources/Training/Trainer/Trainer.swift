public import Foundation
internal import NN
internal import Support
internal import Torch

/// The training loop of tokenizers and policies: loss, gradients, optimizer, averaged weights, metrics, checkpoints.
///
/// A checkpoint holds the weights, the optimizer's state and libtorch's random state, and batches depend on seed and
/// step alone. So a training that was killed and resumed ends with the same weights, bit for bit, as one that was not,
/// given the same number of threads.
public struct Trainer {
    /// Progress of a training.
    public struct Progress: Sendable {
        /// Steps done.
        public let step: Int
        /// Steps in all.
        public let total: Int
        /// The newest metrics by name.
        public let metrics: [String: Double]
    }

    /// The end of a training.
    public struct Outcome: Equatable, Sendable {
        /// Steps done; fewer than the recipe's where the validation error no longer fell.
        public let steps: Int
        /// Steps before the weights that the training ends with.
        public let keptStep: Int
    }

    private let recipe: OptimizationRecipe
    private let folder: URL
    /// Held from the first step until the trainer is gone, when the result is written.
    private let lock: FolderLock
    private let checkpoint: TrainingCheckpoint
    private let device: Device
    private let processes: ProcessGroup?
    private let shardsOptimizer: Bool
    private let report: (Progress) throws -> Void

    /// Prepares a training.
    ///
    /// - Parameters:
    ///   - recipe: Optimisation settings.
    ///   - folder: Folder for metrics and checkpoints.
    ///   - identity: Everything that determines the result; a checkpoint with another identity is refused.
    ///   - device: Device to compute on.
    ///   - processes: The processes that share the batches; nil for one.
    ///   - shardsOptimizer: True divides the optimizer's state among the processes.
    ///   - report: Called with every line of metrics; an error that it throws ends the training there.
    init(
        _ recipe: OptimizationRecipe,
        in folder: URL,
        identity: String,
        device: Device,
        processes: ProcessGroup? = nil,
        shardsOptimizer: Bool = false,
        report: @escaping (Progress) throws -> Void
    ) {
        self.recipe = recipe
        self.folder = folder
        lock = FolderLock(folder)
        checkpoint = TrainingCheckpoint(in: folder, identity: identity)
        self.device = device
        self.processes = processes
        self.shardsOptimizer = shardsOptimizer
        self.report = report
    }

    /// Trains `task` for the steps that are left: all, or with `resume` those after the newest checkpoint.
    ///
    /// - Returns: The end.
    /// - Throws: ``TrainingError`` for a checkpoint of another training and for one that diverges, `DurableFileError` where
    ///   another one writes into the folder, and the errors of the task and the system.
    @discardableResult
    func train(_ task: some TrainingTask, resume: Bool) throws -> Outcome {
        if processes.isLeader { try lock.acquire() }
        let parameters = task.parameters
        let parallel = DataParallel(processes)
        let optimizer = AdamW(
            parameters,
            configuration: recipe.optimizer,
            shard: shardsOptimizer ? parallel?.group.shard : nil
        )
        let schedule = CosineSchedule(warmUpSteps: recipe.warmUpSteps, totalSteps: recipe.steps)
        let average = recipe.emaDecay > 0 ? WeightAverage(parameters, decay: recipe.emaDecay) : nil
        let computeDType = recipe.computeDType.dtype(on: device)
        let state = task.state
        let best = task.earlyStopping.map { BestWeights(state, $0) }
        let model = state + (average?.state ?? []) + (best?.state ?? [])

        let optimizerState = parallel.entries(of: optimizer)
        let first = try begin(model, optimizerState, parallel, resume: resume)
        if task.drawsWholeBatches { try parallel?.shareRandomState() }
        var done = first
        let log = processes.isLeader ? try MetricsLog(in: folder, before: first) : nil
        let reducer = parallel?.reducer(of: parameters)
        try task.begin(at: first)
        for step in first ..< recipe.steps {
            if !task.drawsWholeBatches { parallel?.seed(task.seed, step: step) }
            let losses = try withProcesses(parallel == nil ? nil : processes) {
                try addGradients(of: task, at: step, computeDType, reducer)
            }
            let gradientNorm = GradientClipping.clip(parameters, limit: recipe.maxGradientNorm)
            let factor = schedule.factor(at: step)
            optimizer.step(factor: factor)
            if optimizer.shard != nil { try parallel?.gather(parameters) }
            optimizer.forgetGradients()
            average?.update(step: step)
            done = step + 1
            let isSaved = done % recipe.checkpointEvery == 0 && done < recipe.steps
            // Reading it waits for the device.
            let norm = isLogged(step) || isSaved ? gradientNorm.item : nil
            if isLogged(step) {
                var metrics = Self.mean(losses)
                metrics = try parallel?.average(metrics) ?? metrics
                metrics["gradient_norm"] = norm
                metrics["learning_rate"] = recipe.optimizer.learningRate * factor
                metrics.merge(try evaluate(task, after: step, average, best)) { $1 }
                if let log { metrics = try log.append(metrics, step: step) }
                try report(Progress(step: step + 1, total: recipe.steps, metrics: metrics))
            }
            // The best weights stay what they were, whatever becomes of the last ones.
            if let norm, best?.step == nil { try Self.check(norm, after: done) }
            if best?.isExhausted ?? false { break }
            if isSaved { try save(model, optimizerState, step: done) }
        }
        average?.apply()
        best?.apply()
        return Outcome(steps: done, keptStep: best?.step ?? done)
    }

    /// Refuses to go on with weights that are not finite, before they replace those of the checkpoint.
    private static func check(_ gradientNorm: Double, after steps: Int) throws(TrainingError) {
        guard gradientNorm.isFinite else {
            throw TrainingError(
                description:
                    "the training has diverged: after \(steps) steps the gradient norm is \(gradientNorm), expected a finite "
                    + "number; lower optimization.optimizer.learningRate, or set optimization.computeDType=float32"
            )
        }
    }

    /// Gives all processes the state to begin with, that of rank 0's checkpoint where it resumes from one; returns the steps done.
    private func begin(
        _ model: [NamedTensor],
        _ optimizer: [CheckpointEntry],
        _ parallel: DataParallel?,
        resume: Bool
    ) throws -> Int {
        var first = 0
        let restores = resume && processes.isLeader && checkpoint.exists
        if processes.isLeader && !restores { checkpoint.remove() }
        if try parallel?.leaders(restores ? 1 : 0) ?? 1 > 0 {
            if processes.isLeader {
                first = restores ? try checkpoint.restore(model, optimizer) : 0
            } else {
                for entry in optimizer { try entry.fill(.empty(entry.shape, dtype: entry.dtype)) }
            }
        }
        return try parallel?.begin(with: model, at: first) ?? first
    }

    /// Writes a checkpoint in rank 0, for which the others give their parts of the optimizer's state.
    private func save(_ model: [NamedTensor], _ optimizer: [CheckpointEntry], step: Int) throws {
        if processes.isLeader { return try checkpoint.save(model, optimizer, step: step) }
        for entry in optimizer { _ = try entry.read() }
    }

    /// Adds the gradients of the loss of a step's batch, part by part and over all processes; returns the losses of the parts.
    private func addGradients(
        of task: some TrainingTask,
        at step: Int,
        _ computeDType: DType?,
        _ reducer: GradientReducer?
    ) throws -> [TrainingLoss] {
        let parts = try task.losses(at: step, computeDType: computeDType)
        var losses: [TrainingLoss] = []
        for part in parts {
            let loss = try part()
            if losses.count == parts.count - 1 && task.completesGradientsAtOnce { reducer?.start() }
            (parts.count == 1 ? loss.total : loss.total / Double(parts.count)).backward()
            losses.append(loss)
        }
        try reducer?.finish()
        return losses
    }

    /// Means of the metrics of a batch's parts.
    private static func mean(_ losses: [TrainingLoss]) -> [String: Double] {
        let count = Double(losses.count)
        return losses.reduce(into: [:]) { metrics, loss in
            metrics.merge(loss.metrics().mapValues { $0 / count }) { $0 + $1 }
        }
    }

    /// Returns true if `folder` holds the checkpoint of an interrupted training.
    public static func hasCheckpoint(in folder: URL) -> Bool {
        TrainingCheckpoint(in: folder, identity: "").exists
    }

    /// Removes the checkpoint of a training whose result is safely on disk.
    func finish() { if processes.isLeader { checkpoint.remove() } }

    /// The evaluations of `task` that are due after `step`, with averaged weights, of which the best are kept.
    private func evaluate(
        _ task: some TrainingTask,
        after step: Int,
        _ average: WeightAverage?,
        _ best: BestWeights?
    ) throws -> [String: Double] {
        let due = task.evaluations.filter { isDue(step, every: $0.every) }
        guard !due.isEmpty else { return [:] }
        func measure() throws -> [String: Double] {
            var metrics = try due.reduce(into: [:]) { metrics, evaluation in
                metrics.merge(try evaluation.measure(step)) { $1 }
            }
            if let metric = task.earlyStopping?.metric, let error = metrics[metric] {
                metrics[metric] = try DataParallel(processes)?.leaders(error) ?? error
            }
            best?.consider(metrics, after: step + 1)
            return metrics
        }
        return try average?.whileApplied(measure) ?? measure()
    }

    private func isLogged(_ step: Int) -> Bool { step % recipe.logEvery == 0 || step == recipe.steps - 1 }

    /// Returns true if an event with period `every` is due after `step`, one that is logged.
    private func isDue(_ step: Int, every: Int) -> Bool {
        step == recipe.steps - 1 || (step > 0 && step % every < recipe.logEvery)
    }
}

/// A training that cannot continue.
public struct TrainingError: Error, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
