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
        let parallel = DataParallel(processes)
        let run = TrainingRun(task, recipe, device: device, parallel, isSharded: shardsOptimizer)
        let (model, sharded) = (run.model, run.sharded)
        let first = try begin(model, sharded, parallel, resume: resume)
        let log = processes.isLeader ? try MetricsLog(in: folder, before: first) : nil
        try run.begin(at: first)
        var done = first
        for step in first ..< recipe.steps {
            let (losses, gradientNorm, learningRate) = try run.take(step: step)
            done = step + 1
            let isSaved = done % recipe.checkpointEvery == 0 && done < recipe.steps
            // Reading it waits for the device.
            let norm = isLogged(step) || isSaved ? gradientNorm.item : nil
            if isLogged(step) {
                var metrics = try run.metrics(of: losses)
                metrics["gradient_norm"] = norm
                metrics["learning_rate"] = learningRate
                let due = task.evaluations.filter { isDue(step, every: $0.every) }
                metrics.merge(try run.evaluate(due, after: step)) { $1 }
                if let log { metrics = try log.append(metrics, step: step) }
                try report(Progress(step: done, total: recipe.steps, metrics: metrics))
            }
            // The best weights stay what they were, whatever becomes of the last ones.
            if let norm, run.best?.step == nil { try Self.check(norm, after: done) }
            if run.best?.isExhausted ?? false { break }
            if isSaved { try save(model, sharded, step: done) }
        }
        try run.end()
        return Outcome(steps: done, keptStep: run.best?.step ?? done)
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
        _ sharded: [CheckpointEntry],
        _ parallel: DataParallel?,
        resume: Bool
    ) throws -> Int {
        var first = 0
        let restores = resume && processes.isLeader && checkpoint.exists
        if processes.isLeader && !restores { checkpoint.remove() }
        if try parallel?.leaders(restores ? 1 : 0) ?? 1 > 0 {
            if processes.isLeader {
                first = restores ? try checkpoint.restore(model, sharded) : 0
            } else {
                for entry in sharded { try entry.fill(.empty(entry.shape, dtype: entry.dtype)) }
            }
        }
        return try parallel?.begin(with: model, at: first) ?? first
    }

    /// Writes a checkpoint in rank 0, for which the others give their parts of what is sharded.
    private func save(_ model: [NamedTensor], _ sharded: [CheckpointEntry], step: Int) throws {
        if processes.isLeader { return try checkpoint.save(model, sharded, step: step) }
        for entry in sharded { _ = try entry.read() }
    }

    /// Returns true if `folder` holds the checkpoint of an interrupted training.
    public static func hasCheckpoint(in folder: URL) -> Bool {
        TrainingCheckpoint(in: folder, identity: "").exists
    }

    /// Removes the checkpoint of a training whose result is safely on disk.
    func finish() { if processes.isLeader { checkpoint.remove() } }

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
