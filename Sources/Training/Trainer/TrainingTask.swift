internal import NN
internal import Torch

/// A model with its data and its loss, as ``Trainer`` sees them: FASTerVQ, a baseline tokenizer, or a policy.
///
/// Everything that a step samples is a pure function of the task's seed and the step's number, or comes from libtorch's
/// generator: then an interrupted training resumes bit for bit.
protocol TrainingTask {
    /// True if all processes draw the same numbers from libtorch's generator, as those of the whole batch; false if each draws
    /// those of its share.
    var drawsWholeBatches: Bool { get }

    /// Trained tensors.
    var parameters: [NamedTensor] { get }

    /// Tensors that a checkpoint holds: the parameters and what changes beside them, such as codebooks.
    var state: [NamedTensor] { get }

    /// Seed of everything that is random.
    var seed: UInt64 { get }

    /// Measurements that are made now and then, apart from the loss.
    var evaluations: [PeriodicEvaluation] { get }

    /// Choice of the weights that the training ends with by an evaluation; nil ends with the last ones.
    var earlyStopping: EarlyStopping? { get }

    /// True if the backward pass completes the gradient of a parameter at once, so that it can be sent before the others are known.
    var completesGradientsAtOnce: Bool { get }

    /// Prepares for the steps from `step` on; called once, before the first of them.
    func begin(at step: Int) throws

    /// The losses of the parts of a step's batch, whose mean is the batch's.
    ///
    /// - Parameters:
    ///   - step: The step, counted from 0.
    ///   - computeDType: Number format of matrix products; nil for single precision.
    /// - Returns: Functions, each of which computes the loss of a part, to be called in their order.
    /// - Throws: The errors of data.
    func losses(at step: Int, computeDType: DType?) throws -> [() throws -> TrainingLoss]
}

extension TrainingTask {
    var evaluations: [PeriodicEvaluation] { [] }

    var earlyStopping: EarlyStopping? { nil }

    var drawsWholeBatches: Bool { false }

    var completesGradientsAtOnce: Bool { true }

    func begin(at step: Int) throws {}
}

/// The loss of one step.
struct TrainingLoss {
    /// The scalar to minimise.
    let total: Tensor

    /// The loss and its parts by their names in `metrics.jsonl`; called only for steps that are logged, as reading a
    /// scalar waits for the device.
    let metrics: () -> [String: Double]
}

/// A measurement that a training makes every so many steps, with averaged weights where there are any.
struct PeriodicEvaluation {
    /// Steps from one measurement to the next; the last step is always measured.
    let every: Int

    /// Measures after a step, which is counted from 0; the result is written to `metrics.jsonl`.
    let measure: (_ step: Int) throws -> [String: Double]
}
