import ArgumentParser
import Evaluation
import FASTerVLA
import Foundation
import PolicyServer
import Recording
import RobotTypes

/// `faster evaluate`: closed-loop episodes in a simulator.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Roll a policy out in a simulator.",
        discussion: """
            The policy is served on loopback, and the simulator asks it through openpi's own client, as a robot \
            would. Scenes differ from all that demonstrations can have. '--policy expert' runs the simulator's \
            scripted expert on the same scenes.
            """
    )

    @Option(help: "Folder of the policy; 'metaworld' or 'libero', which come with the program; or 'expert'.")
    var policy: String

    @OptionGroup var robot: EmbodimentOptions
    @OptionGroup var rollouts: RolloutOptions

    @Option(help: "Folder for results and videos.")
    var out: String

    @Option(help: "Steps from one observation to the next.")
    var execute = 8

    @Option(
        help: """
            Steps from an observation to its action chunk; until then the robot carries on with the chunk before. With \
            --execute, at most the policy's horizon.
            """
    )
    var delay = 0

    @Flag(
        help: """
            Send the actions that are executed during the delay, for a policy that was trained with a committed prefix.
            """
    )
    var committedPrefix = false

    @Option(
        help: """
            Step limit of an episode; by default the benchmark's, or else 500, or the step limit of the task's \
            demonstrations where it is higher.
            """
    )
    var maxSteps: Int?

    @Option(help: "Number of episodes of every task that are filmed.")
    var videos = 0

    @Option(
        help: """
            Run the same episodes again under perturbations, with commas between, or all: light, camera, texture, \
            distractors, positions (metaworld); light, camera, texture, distractors, pro-language, pro-object, pro-swap, \
            pro-task (libero); actions, delay (every simulator).
            """
    )
    var perturbations: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var lerobot: LeRobotOptions
    @OptionGroup var compute: ComputeOptions

    private var isExpert: Bool { policy == "expert" }

    func validate() throws {
        guard videos >= 0 else { throw ValidationError("--videos: expected at least 0, found \(videos)") }
        guard !committedPrefix || (delay > 0 && !isExpert) else {
            throw ValidationError("--committed-prefix: only a policy with a --delay has a committed prefix")
        }
    }

    func run() async throws {
        _ = try OutputFolder(out)
        let device = try compute.prepare()
        let simulator = try await rollouts.open()
        let perturbations = try perturbations.map(simulator.description.perturbationNames) ?? []
        var plan = plan(simulator.tasks, perturbations)
        let results: [EpisodeResult]
        if isExpert {
            results = try await roll(plan, simulator)
        } else {
            let policy = try await openPolicy(
                namedModel(policy, family: .policies),
                embodiment: robot.embodiment,
                device: device,
                decoding: decoding.settings,
                lerobot: lerobot
            )
            try simulator.description.check(policy.contract, for: simulator.tasks)
            try plan.check(horizon: policy.contract.horizon)
            guard !committedPrefix || policy.contract.committedSteps > 0 else {
                throw ValidationError(
                    "--committed-prefix: the policy was not trained with one (recipe: committedSteps)"
                )
            }
            let handler = PolicyHandler(policy: policy, serverName: "faster", version: Faster.version)
            results = try await withServer(handler, clients: rollouts.workers) { port in
                plan.controller = .server(host: "127.0.0.1", port: port)
                return try await roll(plan, simulator)
            }
        }
        let summary = EvaluationSummary(
            of: results,
            groups: simulator.description.taskGroups,
            assets: simulator.runner.assets
        )
        try EvaluationFolder(out.asFile).write(results, summary, of: simulator.description)
        if json { return try Terminal.printJSON(summary) }
        print(summary.lines.joined(separator: "\n"))
    }

    private func roll(_ plan: EvaluationPlan, _ simulator: OpenedSimulator) async throws -> [EpisodeResult] {
        try await simulator.run(plan, label: "evaluate \(policy.asFile.lastPathComponent)") {
            let name = [$0.task, $0.perturbation].compactMap { $0 }.joined(separator: ", ")
            return "\(name) \($0.success ? "succeeded" : "failed")"
        }
    }

    private func plan(_ tasks: [String], _ perturbations: [String]) -> EvaluationPlan {
        var plan = EvaluationPlan(controller: .expert, tasks: tasks, episodes: rollouts.episodes)
        plan.seed = rollouts.seed
        plan.execute = execute
        plan.delay = delay
        plan.sendsCommittedPrefix = committedPrefix
        plan.maxSteps = maxSteps
        plan.perturbations = perturbations
        if videos > 0 {
            plan.videos = .init(folder: EvaluationFolder(out.asFile).rawVideos.path, count: videos)
        }
        return plan
    }
}
