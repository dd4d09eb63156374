/// What one request asks of its answer, beside the motion.
public struct AnswerOptions: Equatable, Sendable {
    /// Time from the request's arrival at the policy until the robot needs the answer; nil where it can wait.
    public var deadline: Duration?

    /// Asks for nothing, or for an answer by `deadline`.
    public init(deadline: Duration? = nil) { self.deadline = deadline }
}
