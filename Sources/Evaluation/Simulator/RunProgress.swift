/// How far a run of episodes is.
public struct RunProgress: Equatable, Sendable {
    /// Episodes that ended.
    public let done: Int

    /// Episodes planned.
    public let total: Int

    /// Time since the start.
    public let elapsed: Duration

    /// Processes that crashed and were started anew.
    public let restarts: Int
}
