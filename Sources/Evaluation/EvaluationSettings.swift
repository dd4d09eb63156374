/// Settings of an evaluation: the policy, the scenes, and how chunks are decoded and executed.
public struct EvaluationSettings: Codable, Equatable, Sendable {
    /// The policy as the command line names it: a folder, a name, or `expert`.
    public let policy: String

    /// Digest of the policy's files; nil for an expert.
    public let policyDigest: String?

    /// Robot of a policy for several; nil for the only one.
    public let embodiment: String?

    /// Name of the simulator.
    public let simulator: String

    /// Name of the set of meshes and textures that the scenes are shown with; nil where the simulator has one only.
    public let assets: String?

    /// Names of the tasks.
    public let tasks: [String]

    /// Number of episodes of every task.
    public let episodes: Int

    /// ``EvaluationPlan/seed``.
    public let seed: Int

    /// Steps from one observation to the next.
    public let execute: Int

    /// Steps from an observation to its action chunk.
    public let delay: Int

    /// True if observations carry the actions that are executed during the delay.
    public let committedPrefix: Bool

    /// Step limit of an episode; nil for the benchmark's or the demonstrations'.
    public let maxSteps: Int?

    /// Names of the perturbations, under each of which the same episodes are run again.
    public let perturbations: [String]

    /// Number of episodes of every task that are filmed.
    public let videos: Int

    /// Options of decoding that are given, by their names without dashes; all else is as the policy was trained.
    public let decoding: [String: String]

    /// Device that computes the policy; nil for an expert.
    public let device: String?

    /// Version of the program.
    public let version: String

    /// The settings of `plan`.
    ///
    /// - Parameters:
    ///   - plan: The episodes.
    ///   - policy: ``policy``.
    ///   - simulator: The simulator and its assets.
    ///   - prediction: How the policy predicts; nil for an expert.
    ///   - version: Version of the program.
    public init(
        _ plan: EvaluationPlan,
        policy: String,
        simulator: SimulatorRunner,
        prediction: Prediction? = nil,
        version: String
    ) {
        (self.policy, policyDigest, embodiment) = (policy, prediction?.digest, prediction?.embodiment)
        (decoding, device) = (prediction?.decoding ?? [:], prediction?.device)
        (self.simulator, assets) = (simulator.simulator.name, simulator.assets)
        (tasks, episodes, seed) = (plan.tasks, plan.episodes, plan.seed)
        (execute, delay, committedPrefix) = (plan.execute, plan.delay, plan.sendsCommittedPrefix)
        (maxSteps, perturbations, videos) = (plan.maxSteps, plan.perturbations, plan.videos?.count ?? 0)
        self.version = version
    }

    private enum CodingKeys: String, CodingKey {
        case policy, embodiment, simulator, assets, tasks, episodes, seed, execute, delay, perturbations,
            videos, decoding
        case device, version
        case policyDigest = "policy_digest"
        case committedPrefix = "committed_prefix"
        case maxSteps = "max_steps"
    }
}

extension EvaluationSettings {
    /// How a policy predicts.
    public struct Prediction: Sendable {
        /// Digest of the policy's files.
        public var digest: String

        /// Robot of a policy for several; nil for the only one.
        public var embodiment: String?

        /// Options of decoding that are given, by their names without dashes.
        public var decoding: [String: String]

        /// Device that computes the policy.
        public var device: String

        /// Predictions of the policy with a digest.
        public init(digest: String, embodiment: String?, decoding: [String: String], device: String) {
            (self.digest, self.embodiment) = (digest, embodiment)
            (self.decoding, self.device) = (decoding, device)
        }
    }

    /// A setting by the name of its option, as text.
    public typealias Setting = (name: String, value: String)

    /// The policy, with the beginning of its digest where it has one.
    public var policyName: String { policy + (policyDigest.map { " (\($0.prefix(19)))" } ?? "") }

    /// All settings but the policy and the tasks, without those that have no effect.
    public var details: [Setting] {
        let texts: [(String, String?)] = [
            ("embodiment", embodiment), ("simulator", simulator), ("assets", assets), ("seed", "\(seed)"),
            ("episodes", "\(episodes)"),
            ("execute", "\(execute)"), ("delay", "\(delay)"),
            ("committed-prefix", committedPrefix ? "yes" : nil), ("max-steps", maxSteps.map(String.init)),
            ("perturbations", perturbations.isEmpty ? nil : perturbations.joined(separator: ",")),
            ("videos", videos > 0 ? "\(videos)" : nil), ("device", device == "cpu" ? nil : device),
        ]
        return texts.compactMap { name, value in value.map { (name, $0) } }
            + decoding.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } + [("version", version)]
    }

    /// The first setting that is not that of `other`, with both values; nil where episodes of both are the same.
    ///
    /// A policy is another one by its files, wherever they lie.
    func difference(to other: EvaluationSettings) -> (name: String, own: String, other: String)? {
        if (policyDigest ?? policy) != (other.policyDigest ?? other.policy) {
            return ("policy", policyName, other.policyName)
        }
        let tasks = (tasks.joined(separator: ","), other.tasks.joined(separator: ","))
        if tasks.0 != tasks.1 { return ("tasks", tasks.0, tasks.1) }
        let (own, others) = (details, other.details)
        for name in (own + others).map(\.name) {
            let values = [own, others].map { $0.first { $0.name == name }?.value ?? "none" }
            if values[0] != values[1] { return (name, values[0], values[1]) }
        }
        return nil
    }
}
