internal import Foundation
internal import NN
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
    private let checkpoint: TrainingCheckpoint
    private let device: Device
    private let processes: ProcessGroup?
    private let report: (Progress) throws -> Void

    /// Prepares a training.
    ///
    /// - Parameters:
    ///   - recipe: Optimisation settings.
    ///   - folder: Folder for metrics and checkpoints.
    ///   - identity: Everything that determines the result; a checkpoint with another identity is refused.
    ///   - device: Device to compute on.
    ///   - processes: The processes that share the batches; nil for one.
    ///   - report: Called with every line of metrics; an error that it throws ends the training there.
    init(
        _ recipe: OptimizationRecipe,
        in folder: URL,
        identity: String,
        device: Device,
        processes: ProcessGroup? = nil,
        report: @escaping (Progress) throws -> Void
    ) {
        self.recipe = recipe
        self.folder = folder
        checkpoint = TrainingCheckpoint(in: folder, identity: identity)
        self.device = device
        self.processes = processes
        self.report = report
    }

    /// Trains `task` for the steps that are left: all, or with `resume` those after the newest checkpoint.
    ///
    /// - Returns: The end.
    /// - Throws: ``TrainingError`` for a checkpoint of another training, and the errors of the task and the system.
    @discardableResult
    func train(_ task: some TrainingTask, resume: Bool) throws -> Outcome {
        let parameters = task.parameters
        let optimizer = AdamW(parameters, configuration: recipe.optimizer)
        let schedule = CosineSchedule(warmUpSteps: recipe.warmUpSteps, totalSteps: recipe.steps)
        let average = recipe.emaDecay > 0 ? WeightAverage(parameters, decay: recipe.emaDecay) : nil
        let computeDType = recipe.computeDType.dtype(on: device)
        let state = task.state
        let best = task.earlyStopping.map { BestWeights(state, $0) }
        let model = state + (average?.state ?? []) + (best?.state ?? [])

        let parallel = DataParallel(processes)
        var first = resume && processes.isLeader ? try checkpoint.restore(model, optimizer) : 0
        if let parallel { first = try parallel.begin(with: model + optimizer.state, at: first) }
        if task.drawsWholeBatches { try parallel?.shareRandomState() }
        var done = first
        if first == 0 && processes.isLeader { checkpoint.remove() }
        let log = processes.isLeader ? try MetricsLog(in: folder, before: first) : nil
        try task.begin(at: first)
        for step in first ..< recipe.steps {
            if !task.drawsWholeBatches { parallel?.seed(task.seed, step: step) }
            let loss = try withProcesses(parallel == nil ? nil : processes) {
                let loss = try task.loss(at: step, computeDType: computeDType)
                loss.total.backward()
                return loss
            }
            try parallel?.averageGradients(of: parameters)
            let gradientNorm = GradientClipping.clip(parameters, limit: recipe.maxGradientNorm)
            let factor = schedule.factor(at: step)
            optimizer.step(factor: factor)
            optimizer.forgetGradients()
            average?.update(step: step)
            done = step + 1
            if isLogged(step) {
                var metrics = try parallel?.average(loss.metrics()) ?? loss.metrics()
                metrics["gradient_norm"] = gradientNorm.item
                metrics["learning_rate"] = recipe.optimizer.learningRate * factor
                metrics.merge(try evaluate(task, after: step, average, best)) { $1 }
                if let log { metrics = try log.append(metrics, step: step) }
                try report(Progress(step: step + 1, total: recipe.steps, metrics: metrics))
            }
            if best?.isExhausted ?? false { break }
            if processes.isLeader && (step + 1) % recipe.checkpointEvery == 0 && step + 1 < recipe.steps {
                try checkpoint.save(model, optimizer, step: step + 1)
            }
        }
        average?.apply()
        best?.apply()
        return Outcome(steps: done, keptStep: best?.step ?? done)
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
