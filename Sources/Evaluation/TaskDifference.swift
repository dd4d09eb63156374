/// A task's success rate of one policy less that of another, on the same scenes.
public struct TaskDifference: Codable, Equatable, Sendable {
    /// The simulator's name of the task.
    public let task: String

    /// Number of its scenes.
    public let scenes: Int

    /// Success rate of the policy that is compared with, over all its evaluations.
    public let baseline: Double

    /// Success rate of the policy, over all its evaluations.
    public let success: Double

    /// ``success`` less ``baseline``.
    public let difference: Double

    /// 95 % interval of ``difference``, as ``PolicyComparison/Row/differenceInterval`` of the task's scenes alone.
    public let interval: ConfidenceInterval

    /// Compares a policy with another on every task.
    ///
    /// - Parameters:
    ///   - outcomes: The policy's success in each of `scenes`, for every evaluation.
    ///   - baseline: That of the policy that is compared with.
    ///   - scenes: The scenes, by rising task.
    ///   - seed: Seed of the bootstrap.
    /// - Returns: The differences, the lowest first.
    static func all(
        of outcomes: [[Bool]],
        _ baseline: [[Bool]],
        scenes: [Scene],
        seed: UInt64
    ) -> [TaskDifference] {
        let indices = Dictionary(grouping: scenes.indices) { scenes[$0].task }
        let rows = indices.map { task, indices in
            func success(_ outcomes: [[Bool]]) -> SceneSuccess {
                SceneSuccess(outcomes.map { own in indices.map { own[$0] } })
            }
            let (own, first) = (success(outcomes), success(baseline))
            let bootstrap = EpisodeBootstrap(episodes: indices.count, seed: seed)
            return TaskDifference(
                task: task,
                scenes: indices.count,
                baseline: first.rates.mean ?? 0,
                success: own.rates.mean ?? 0,
                difference: own.gains(over: first).mean ?? 0,
                interval: own.differenceInterval(to: first, bootstrap)
            )
        }
        return rows.sorted { ($0.difference, $0.task) < ($1.difference, $1.task) }
    }
}
