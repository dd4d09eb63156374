/// The progress of a run of episodes.
public struct RunProgress: Equatable, Sendable {
    /// Number of episodes that ended.
    public let done: Int

    /// Number of episodes of the plan.
    public let total: Int

    /// Time since the start.
    public let elapsed: Duration

    /// Number of restarts after crashes.
    public let restarts: Int
}
