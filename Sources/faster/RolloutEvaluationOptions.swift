import ArgumentParser
import Evaluation
import Foundation
import Recording
import Training

/// Evaluation of a policy in rollouts while it is trained.
struct RolloutEvaluationOptions: ParsableArguments {
    /// Seed of the scenes: apart from those of `faster evaluate`, so that no checkpoint is chosen by the scenes it is evaluated on.
    private static let firstScene = 500

    @Option(
        name: .customLong("rollout-tasks"),
        help:
            "Tasks to evaluate the policy on while it is trained, with commas between, or all (default: none)."
    )
    var tasks: String?

    @Option(name: .customLong("rollout-every"), help: "Steps from one evaluation to the next.")
    var every = 2000

    @Option(name: .customLong("rollout-episodes"), help: "Episodes per task in an evaluation.")
    var episodes = 5

    @Option(
        name: .customLong("rollout-simulator"),
        help: "Simulator of the evaluations: metaworld, libero or simpler."
    )
    var simulator = "metaworld"

    @Option(
        name: .customLong("rollout-embodiment"),
        help: "Robot of the evaluations, of a policy for several."
    )
    var embodiment: String?

    func validate() throws {
        try atLeastOne(every, "--rollout-every")
        try atLeastOne(episodes, "--rollout-episodes")
    }

    /// Evaluations whose results lie in `folder`; nil where none are wanted.
    ///
    /// - Throws: The simulator's errors where it does not know the tasks.
    func evaluation(in folder: URL) async throws -> PolicyTraining.RolloutEvaluation? {
        guard let tasks else { return nil }
        let names = try await Simulator(named: simulator).description().taskNames(tasks)
        let arguments =
            [
                "--simulator", simulator, "--tasks", names.joined(separator: ","), "--episodes",
                "\(episodes)",
                "--seed", "\(Self.firstScene)", "--threads", "1",
            ] + (embodiment.map { ["--embodiment", $0] } ?? [])
        return .init(every: every) { policy, step in
            let results = folder.appending(path: "step-\(step)")
            return try Self.evaluate(["--policy", policy.path, "--out", results.path] + arguments, results)
        }
    }

    /// Runs `faster evaluate`; one that fails is reported, and does not end the training.
    private static func evaluate(_ arguments: [String], _ results: URL) throws -> [String: Double] {
        // It may be that of a training which this one replaces.
        EvaluationFolder(results).forgetInterrupted()
        let process = Process()
        process.executableURL = Installation.program
        process.arguments = ["evaluate"] + arguments
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            Terminal.say(
                "the rollouts ended with status \(process.terminationStatus); the training continues without them"
            )
            return [:]
        }
        let data = try Data(contentsOf: results.appending(path: "summary.json"))
        let summary = try JSONDecoder().decode(EvaluationSummary.self, from: data)
        return ["success": summary.mean.success]
    }
}
