public import NN
public import Support
internal import Torch

/// The optimisation settings that every training has; the keys under `optimization` of a recipe.
public struct OptimizationRecipe: Codable, Equatable, Sendable, Validatable {
    /// Number of steps.
    public var steps: Int

    /// Examples per step.
    public var batchSize: Int

    /// Parts that a step's batch is divided into, whose gradients are added one after the other.
    ///
    /// They take the memory of one part's activations instead of the batch's, and have the result of the whole batch.
    public var accumulationSteps = 1

    /// AdamW's settings, its peak learning rate among them.
    public var optimizer = AdamW.Configuration()

    /// Steps of the linear warm-up to the peak learning rate, which then falls along half a cosine.
    public var warmUpSteps: Int

    /// Largest joint norm of the gradients; longer ones are scaled down to it.
    public var maxGradientNorm = 1.0

    /// Decay of the exponential moving average of the weights that training ends with; 0 ends with the last weights.
    public var emaDecay = 0.0

    /// Number format of matrix products.
    public var computeDType = ComputeDType.float32

    /// Steps between checkpoints.
    public var checkpointEvery: Int

    /// Steps between lines of `metrics.jsonl`.
    public var logEvery: Int

    /// Largest number of steps, of a training or between two events.
    private static let largestStepCount = 1_000_000_000

    /// Largest number of examples per step.
    private static let largestBatchSize = 1 << 24

    /// Checks that a training with these numbers can begin.
    ///
    /// - Throws: `InvalidValue`.
    public func validate() throws(InvalidValue) {
        try Validation.require(["steps": steps, "warmUpSteps": warmUpSteps], atLeast: 0)
        try Validation.require(
            [
                "batchSize": batchSize, "accumulationSteps": accumulationSteps,
                "checkpointEvery": checkpointEvery, "logEvery": logEvery,
            ],
            atLeast: 1
        )
        try Validation.require(
            [
                "steps": steps, "warmUpSteps": warmUpSteps, "checkpointEvery": checkpointEvery,
                "logEvery": logEvery,
            ],
            atMost: Self.largestStepCount
        )
        try Validation.require(
            ["batchSize": batchSize, "accumulationSteps": accumulationSteps],
            atMost: Self.largestBatchSize
        )
        try Validation.require(["maxGradientNorm": maxGradientNorm], above: 0)
        try Validation.require(["emaDecay": emaDecay], in: 0 ..< 1)
        try Validation.require(
            [
                "optimizer.learningRate": optimizer.learningRate,
                "optimizer.weightDecay": optimizer.weightDecay,
                "optimizer.epsilon": optimizer.epsilon,
            ],
            atLeast: 0
        )
        try Validation.require(
            ["optimizer.beta1": optimizer.beta1, "optimizer.beta2": optimizer.beta2],
            in: 0 ..< 1
        )
    }

    /// Checks that processes can share a batch evenly, and their shares can be divided into equal parts.
    ///
    /// - Throws: ``RecipeError``.
    public func checkSharing(among processes: Int) throws(RecipeError) {
        guard batchSize % (processes * accumulationSteps) != 0 else { return }
        let divisor =
            accumulationSteps == 1
            ? "\(processes), the number of processes, which"
            : "\(processes * accumulationSteps), the number of processes times that of accumulation steps, which"
        throw RecipeError(
            InvalidValue(
                "optimization.batchSize",
                expected: "a multiple of \(divisor) share a batch evenly",
                found: batchSize
            )
        )
    }
}

/// Number format of matrix products in a training; weights and optimizer state stay in single precision.
public enum ComputeDType: String, NamedChoice {
    /// bfloat16 where the device is faster with it, else float32.
    case auto
    /// Single precision.
    case float32
    /// bfloat16, by autocast.
    case bfloat16

    /// The format to cast to on `device`; nil for none.
    func dtype(on device: Device) -> DType? {
        switch self {
        case .auto: device.hasFastBFloat16 ? .bfloat16 : nil
        case .bfloat16: .bfloat16
        case .float32: nil
        }
    }
}
