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

            Every finished episode is kept in OUT/episodes.jsonl. After an interruption, the same command continues with the \
            others, and ends with the same results; --workers and --threads may differ, other settings are refused.
            """
    )

    @Option(
        help:
            "Folder of the policy; 'metaworld', 'metaworld-images' or 'libero', which come with the program; or 'expert'."
    )
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
        let settings = try settings(of: plan, simulator.runner)
        try EvaluationFolder(out.asFile).check(settings)
        let summary: EvaluationSummary
        if isExpert {
            summary = try await roll(plan, simulator, settings)
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
            summary = try await withServer(handler, clients: rollouts.workers) { port in
                plan.controller = .server(host: "127.0.0.1", port: port)
                return try await roll(plan, simulator, settings)
            }
        }
        if json { return try Terminal.printJSON(summary) }
        print(summary.lines.joined(separator: "\n"))
    }

    /// Runs the episodes of `plan` that an interrupted evaluation has not done, and writes the results of all.
    private func roll(
        _ plan: EvaluationPlan,
        _ simulator: OpenedSimulator,
        _ settings: EvaluationSettings
    ) async throws -> EvaluationSummary {
        try plan.check()
        let folder = EvaluationFolder(out.asFile)
        let journal = try folder.journal(of: settings)
        if journal.count > 0 {
            Terminal.say("\(out): continues with \(journal.count) of \(plan.count) episodes done")
        }
        let progress = Terminal.Progress("evaluate \(policy.asFile.lastPathComponent)")
        let kept: @Sendable () -> String = { [out] in
            "\(out): keeps \(journal.count) of \(plan.count) episodes; the same command continues"
        }
        let hint = ContinuationHint(kept)
        defer { withExtendedLifetime(hint) {} }
        let results: [EpisodeResult]
        do {
            results = try await simulator.runner.run(plan, after: journal.episodes) { episode, run in
                try journal.append(episode)
                let name = [episode.task, episode.perturbation].compactMap { $0 }.joined(separator: ", ")
                progress.update(run, "\(name) \(episode.success ? "succeeded" : "failed")")
            }
        } catch {
            if journal.count > 0 { Terminal.say(kept()) }
            throw error
        }
        let summary = EvaluationSummary(
            of: results,
            groups: simulator.description.taskGroups,
            settings: settings
        )
        try folder.write(results, summary, of: simulator.description)
        try journal.remove()
        return summary
    }

    private func settings(of plan: EvaluationPlan, _ simulator: SimulatorRunner) throws -> EvaluationSettings
    {
        let prediction =
            isExpert
            ? nil
            : EvaluationSettings.Prediction(
                digest: try PolicyFolder.digest(of: namedModel(policy, family: .policies)),
                embodiment: robot.embodiment,
                decoding: decoding.given.merging(lerobot.given) { $1 },
                device: compute.device
            )
        return EvaluationSettings(
            plan,
            policy: policy,
            simulator: simulator,
            prediction: prediction,
            version: Faster.version
        )
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
