/// What one request asks of its answer, beside the motion.
public struct AnswerOptions: Equatable, Sendable {
    /// Time from the request's arrival at the policy until the robot needs the answer; nil where it can wait.
    public var deadline: Duration?

    /// Determines what is left to chance; nil where chance goes on from the answer before.
    ///
    /// Equal observations with equal seeds get equal codes.
    public var seed: UInt64?

    /// What the robot will do from the instant of the observation on, whatever the answer: the actions that it executes
    /// until the answer is there, in its own units; nil where it waits, or does not say.
    ///
    /// The answered chunk begins with the same steps, and goes on from them.
    public var pending: ActionChunk?

    /// Asks for what is named.
    public init(deadline: Duration? = nil, seed: UInt64? = nil, pending: ActionChunk? = nil) {
        self.deadline = deadline
        self.seed = seed
        self.pending = pending
    }
}
