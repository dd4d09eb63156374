/// The options of a request for a prediction.
public struct PredictionOptions: Equatable, Sendable {
    /// Time from the request's arrival at the policy until the robot needs the prediction; nil for none.
    public var deadline: Duration?

    /// Seed of the sampling; nil to continue with the state of the generator.
    ///
    /// Equal observations with equal seeds get equal codes.
    public var seed: UInt64?

    /// The committed action prefix: the actions that the robot executes from the observation until the prediction
    /// arrives, in its own units; nil where it waits, or sends none (training-time RTC, arXiv 2512.05964).
    ///
    /// The predicted chunk begins with the same steps, and continues them.
    public var committedActions: ActionChunk?

    /// Options from their parts.
    public init(deadline: Duration? = nil, seed: UInt64? = nil, committedActions: ActionChunk? = nil) {
        self.deadline = deadline
        self.seed = seed
        self.committedActions = committedActions
    }
}
