import ArgumentParser
import Evaluation
import Foundation
import Training

/// Whether a policy is tried in a simulator while it is trained.
struct TrialOptions: ParsableArguments {
    /// Scenes of trials begin here, so that what is chosen by them is not judged on them.
    private static let firstScene = 500

    @Option(
        name: .customLong("try"),
        help: "Tasks to try the policy on while it is trained, with commas between, or all."
    )
    var tasks: String?

    @Option(name: .customLong("try-every"), help: "Steps from one trial to the next.")
    var every = 2000

    @Option(name: .customLong("try-episodes"), help: "Episodes of every task in a trial.")
    var episodes = 5

    @Option(help: "Where trials take place: metaworld; the other simulators have no cameras yet.")
    var simulator = "metaworld"

    func validate() throws {
        try atLeastOne(every, "--try-every")
        try atLeastOne(episodes, "--try-episodes")
    }

    /// Trials whose policy and results lie in `folder`; nil where none are wanted.
    ///
    /// - Throws: The simulator's errors where it does not know the tasks.
    func trial(in folder: URL) async throws -> PolicyTrial? {
        guard let tasks else { return nil }
        let names = try await Simulator(named: simulator).description().taskNames(tasks)
        let arguments = [
            "--simulator", simulator, "--tasks", names.joined(separator: ","), "--episodes", "\(episodes)",
            "--seed", "\(Self.firstScene)", "--threads", "1",
        ]
        return PolicyTrial(every: every) { policy, steps in
            let results = folder.appending(path: "step-\(steps)")
            return try Self.evaluate(["--policy", policy.path, "--out", results.path] + arguments, results)
        }
    }

    /// Runs `faster evaluate`; one that fails is told of, and does not end the training.
    private static func evaluate(_ arguments: [String], _ results: URL) throws -> [String: Double] {
        let process = Process()
        process.executableURL = Installation.program
        process.arguments = ["evaluate"] + arguments
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            Terminal.say(
                "the trial ended with status \(process.terminationStatus); the training goes on without it"
            )
            return [:]
        }
        let data = try Data(contentsOf: results.appending(path: "summary.json"))
        let summary = try JSONDecoder().decode(EvaluationSummary.self, from: data)
        return ["success": summary.mean.success]
    }
}
