public import Torch

/// Exponential moving average of weights: often a better model than the last weights, at the cost of a copy.
///
/// The decay grows at the beginning, so that the random initialisation does not linger: after `t` steps the decay is at
/// most `(1 + t) / (10 + t)`, as in TensorFlow's `ExponentialMovingAverage`.
public final class WeightAverage {
    private static let interpolate = Operator("aten::_foreach_lerp_", "Scalar")

    private let parameters: [NamedTensor]
    /// The parameters, or this process's shards of them.
    private let followed: [Tensor]
    private let averages: [Tensor]
    private let decay: Double
    private let group: ProcessGroup?

    /// Starts with the present weights of `parameters`.
    ///
    /// - Parameters:
    ///   - parameters: Parameters.
    ///   - decay: Fraction of the average that a step keeps.
    ///   - group: The processes that divide the averages among them; nil keeps all.
    public init(_ parameters: [NamedTensor], decay: Double, dividedAmong group: ProcessGroup? = nil) {
        precondition(0 ..< 1 ~= decay, "a decay is at least 0 and below 1, got \(decay)")
        (self.parameters, self.decay, self.group) = (parameters, decay, group)
        followed = parameters.map { group?.shard.slice(of: $0.tensor) ?? $0.tensor.detached() }
        averages = Self.copies(of: followed)
    }

    /// Takes the weights in after step `step`, counted from 0.
    public func update(step: Int) {
        let kept = min(decay, Double(1 + step) / Double(10 + step))
        // A process may have no part of a small tensor.
        let present = averages.indices.filter { averages[$0].count > 0 }
        guard !present.isEmpty else { return }
        _ = withoutGradients {
            Self.interpolate.results(
                .tensors(present.map { averages[$0] }),
                .tensors(present.map { followed[$0] }),
                .real(1 - kept)
            )
        }
    }

    /// Begins anew with the present weights.
    public func restart() { Self.copy(followed, to: averages) }

    /// Runs `body` while the parameters hold their averages, and restores them afterwards.
    ///
    /// Processes that divide the averages do so together.
    ///
    /// - Throws: `ProcessGroupError` when a process is gone, and what `body` throws.
    public func whileApplied<Result>(_ body: () throws -> Result) throws -> Result {
        let weights = Self.copies(of: followed)
        try apply()
        let result = Swift.Result { try body() }
        try set(weights)
        return try result.get()
    }

    /// Replaces the parameters by their averages; processes that divide the averages do so together.
    ///
    /// - Throws: `ProcessGroupError` when a process is gone.
    public func apply() throws { try set(averages) }

    private func set(_ weights: [Tensor]) throws(ProcessGroupError) {
        Self.copy(weights, to: followed)
        try group?.gather(parameters.map(\.tensor))
    }

    private static func copies(of tensors: [Tensor]) -> [Tensor] {
        withoutGradients { tensors.map { $0.detached() + 0 } }
    }

    private static func copy(_ sources: [Tensor], to targets: [Tensor]) {
        withoutGradients {
            for (source, target) in zip(sources, targets) { target.copyInPlace(source) }
        }
    }

    /// The averages, for a training that resumes from a checkpoint.
    public var state: [ShardedTensor] {
        zip(parameters, averages).map { parameter, average in
            let own = NamedTensor(name: "average.\(parameter.name)", tensor: average)
            return ShardedTensor(own, parameter.tensor.shape, group?.shard)
        }
    }
}
