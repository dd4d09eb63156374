/// A policy that predicts after several observations in one forward.
public protocol BatchPolicy: Policy {
    /// Returns true if `observation` may share a forward with others.
    func canBatch(_ observation: Observation) -> Bool

    /// Predicts the next actions after each of `observations`, of robots that do not know each other.
    ///
    /// - Parameter observations: Observations that fulfil the contract.
    /// - Returns: Predictions in the order of the observations, to rounding what ``Policy/act(on:)`` predicts for each alone. Times
    ///   of stages are those of the whole batch.
    /// - Throws: An error of the policy; no observation then has a prediction.
    func act(on observations: [Observation]) async throws -> [PolicyPrediction]
}
