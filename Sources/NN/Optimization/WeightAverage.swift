internal import Torch

/// Exponential moving average of weights: often a better model than the last weights, at the cost of a copy.
///
/// The decay grows at the beginning, so that the random initialisation does not linger: after `t` steps the decay is at
/// most `(1 + t) / (10 + t)`, as in TensorFlow's `ExponentialMovingAverage`.
public final class WeightAverage {
    private static let interpolate = Operator("aten::_foreach_lerp_", "Scalar")

    private let parameters: [NamedTensor]
    private let averages: [Tensor]
    private let decay: Double

    /// Starts with the present weights of `parameters`; `decay` is the fraction of the average that a step keeps.
    public init(_ parameters: [NamedTensor], decay: Double) {
        precondition(0 ..< 1 ~= decay, "a decay is at least 0 and below 1, got \(decay)")
        self.parameters = parameters
        self.decay = decay
        averages = withoutGradients { parameters.map { $0.tensor.detached() + 0 } }
    }

    /// Takes the weights in after step `step`, counted from 0.
    public func update(step: Int) {
        let kept = min(decay, Double(1 + step) / Double(10 + step))
        _ = withoutGradients {
            Self.interpolate.results(
                .tensors(averages),
                .tensors(parameters.map(\.tensor)),
                .real(1 - kept)
            )
        }
    }

    /// Runs `body` while the parameters hold their averages, and restores them afterwards.
    public func whileApplied<Result>(_ body: () throws -> Result) rethrows -> Result {
        let weights = withoutGradients { parameters.map { $0.tensor.detached() + 0 } }
        apply()
        defer { copy(weights) }
        return try body()
    }

    /// Replaces the parameters by their averages.
    public func apply() { copy(averages) }

    private func copy(_ weights: [Tensor]) {
        withoutGradients {
            for (parameter, weight) in zip(parameters, weights) { parameter.tensor.copyInPlace(weight) }
        }
    }

    /// The averages, for a training that resumes from a checkpoint.
    public var state: [NamedTensor] {
        zip(parameters, averages).map { NamedTensor(name: "average.\($0.name)", tensor: $1) }
    }
}
