internal import NN
internal import Torch

/// A task with all that its training changes: parameters, optimizer, averaged weights and the best ones.
struct TrainingRun<Task: TrainingTask> {
    private let task: Task
    private let recipe: OptimizationRecipe
    private let parallel: DataParallel?
    private let computeDType: DType?
    private let parameters: [NamedTensor]
    private let optimizer: AdamW
    private let schedule: CosineSchedule
    private let average: WeightAverage?
    private let reducer: GradientReducer?

    /// The weights of the lowest validation error; nil where the task measures none.
    let best: BestWeights?

    /// Prepares to train `task`.
    ///
    /// - Parameters:
    ///   - task: Task.
    ///   - recipe: Optimisation settings.
    ///   - device: Device to compute on.
    ///   - parallel: The processes that share the batches; nil for one.
    ///   - isSharded: True divides the optimizer's state and the averaged weights among them.
    init(
        _ task: Task,
        _ recipe: OptimizationRecipe,
        device: Device,
        _ parallel: DataParallel?,
        isSharded: Bool
    ) {
        (self.task, self.recipe, self.parallel) = (task, recipe, parallel)
        computeDType = recipe.computeDType.dtype(on: device)
        let (parameters, group) = (task.parameters, isSharded ? parallel?.group : nil)
        self.parameters = parameters
        optimizer = AdamW(parameters, configuration: recipe.optimizer, shard: group?.shard)
        schedule = CosineSchedule(warmUpSteps: recipe.warmUpSteps, totalSteps: recipe.steps)
        average =
            recipe.emaDecay > 0
            ? WeightAverage(parameters, decay: recipe.emaDecay, dividedAmong: group) : nil
        reducer = parallel?.reducer(of: parameters)
        best = task.earlyStopping.map { BestWeights(task.state, $0) }
    }

    /// Tensors of a checkpoint that are alike in all processes.
    var model: [NamedTensor] { task.state + (best?.state ?? []) }

    /// Tensors of a checkpoint that may be divided among the processes.
    var sharded: [CheckpointEntry] {
        parallel.entries(of: optimizer.entries, named: "optimizer")
            + parallel.entries(of: average?.state ?? [], named: "model")
    }

    /// Begins at a step, with the state that all processes have by then.
    func begin(at step: Int) throws {
        if step == 0 { average?.restart() }
        if task.drawsWholeBatches { try parallel?.shareRandomState() }
        try task.begin(at: step)
    }

    /// Takes a step.
    ///
    /// - Returns: The losses of the parts of the batch, the gradient norm before clipping, a scalar tensor, and the learning rate.
    func take(step: Int) throws -> (losses: [TrainingLoss], gradientNorm: Tensor, learningRate: Double) {
        if !task.drawsWholeBatches { parallel?.seed(task.seed, step: step) }
        let losses = try withProcesses(parallel?.group) { try addGradients(at: step) }
        let gradientNorm = GradientClipping.clip(parameters, limit: recipe.maxGradientNorm)
        let factor = schedule.factor(at: step)
        optimizer.step(factor: factor)
        if optimizer.shard != nil { try parallel?.gather(parameters) }
        optimizer.forgetGradients()
        average?.update(step: step)
        return (losses, gradientNorm, recipe.optimizer.learningRate * factor)
    }

    /// Adds the gradients of the loss of a step's batch, part by part and over all processes; returns the losses of the parts.
    private func addGradients(at step: Int) throws -> [TrainingLoss] {
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

    /// Means of the metrics of a step, over the parts of its batch and the processes.
    func metrics(of losses: [TrainingLoss]) throws -> [String: Double] {
        let count = Double(losses.count)
        let own = losses.reduce(into: [:]) { metrics, loss in
            metrics.merge(loss.metrics().mapValues { $0 / count }) { $0 + $1 }
        }
        return try parallel?.average(own) ?? own
    }

    /// Makes measurements after a step, with averaged weights, of which the best are kept.
    func evaluate(_ due: [PeriodicEvaluation], after step: Int) throws -> [String: Double] {
        guard !due.isEmpty else { return [:] }
        func measure() throws -> [String: Double] {
            var metrics = try due.reduce(into: [:]) { metrics, evaluation in
                metrics.merge(try evaluation.measure(step)) { $1 }
            }
            if let metric = task.earlyStopping?.metric, let error = metrics[metric] {
                metrics[metric] = try parallel?.leaders(error) ?? error
            }
            best?.consider(metrics, after: step + 1)
            return metrics
        }
        return try average?.whileApplied(measure) ?? measure()
    }

    /// Replaces the weights by those that the training ends with.
    func end() throws {
        try average?.apply()
        best?.apply()
    }
}
