/// The results of the same episodes under a perturbation.
public struct PerturbationSummary: Codable, Equatable, Sendable {
    /// Name of the perturbation.
    public let name: String

    /// Mean of the tasks' success rates, in `0 ... 1`.
    public let success: Double

    /// Number of episodes of all tasks.
    public let episodes: Int

    /// 95 % confidence interval of ``success``, of all episodes pooled.
    public let interval: ConfidenceInterval

    /// Success less that of the unperturbed episodes with the same tasks and seeds.
    public let difference: PairedDifference

    /// Success rate of every task.
    public let tasks: [String: Double]

    /// Summarizes the `perturbed` episodes beside the `plain`, unperturbed ones.
    init(name: String, of perturbed: [EpisodeResult], beside plain: [EpisodeResult]) {
        self.name = name
        tasks = Dictionary(grouping: perturbed, by: \.task).mapValues { TaskSummary(of: $0).success }
        success = Array(tasks.values).mean ?? 0
        episodes = perturbed.count
        interval = ConfidenceInterval(successes: perturbed.count { $0.success }, trials: perturbed.count)
        let found = Dictionary(perturbed.map { (Scene($0), $0.success) }, uniquingKeysWith: { $1 })
        let pairs = plain.compactMap { episode in found[Scene(episode)].map { (episode.success, $0) } }
        difference = PairedDifference(PairedOutcomes(pairs.map(\.0), pairs.map(\.1)))
    }
}
