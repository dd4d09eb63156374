import ActionTokenizers
import ArgumentParser
import Evaluation
import Foundation
import PolicyServer
import Recording
import RobotTypes
import Support
import Torch
import Training

extension TokenizerCommand {
    /// `faster tokenizer replay`.
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Execute a simulator's experts' episodes after a round trip through tokenizers.",
            discussion: """
                An undisturbed expert plays; its actions go through every tokenizer, chunk after chunk, and are executed \
                open loop from the same scene. 'raw' stands for the actions as they were, and is always there to compare \
                with. Baselines are fitted to --data. 'tokenizer compare --replay DIR' shows the result.
                """
        )

        @Option(help: "Folders and baselines, with commas between.")
        var tokenizers: String

        @Option(help: "Simulator, a folder of Simulators.")
        var simulator = "metaworld"

        @Option(help: "Names of tasks, with commas between, or all.")
        var tasks: String

        @Option(help: "Episodes of every task.")
        var episodes: Int

        @Option(help: "Scene of the first episode; the next ones count up.")
        var seed = 0

        @Option(help: "Folder of a LeRobot v3.0 dataset that baselines are fitted to.")
        var data: String?

        @Option(help: "Control steps of a chunk, where no tokenizer's folder says them.")
        var horizon = 16

        @Option(help: "Folder for replay.json.")
        var out: String

        @Option(help: "Simulator processes at a time.")
        var workers = 2

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var compute: ComputeOptions

        func validate() throws {
            try atLeastOne(workers, "--workers")
            try atLeastOne(episodes, "--episodes")
            try atLeastOne(horizon, "--horizon")
            let entries = try TokenizerEntry.list(tokenizers)
            if let baseline = entries.first(where: { $0.baseline != nil }), data == nil {
                throw ValidationError("--data: '\(baseline.name)' needs a dataset to be fitted to")
            }
        }

        func run() async throws {
            _ = try OutputFolder(out)
            WaitPolicy.spinBriefly()
            let simulator = try Simulator(named: simulator)
            let robot = try await simulator.description()
            let names = try robot.taskNames(tasks)
            let versions = try open()
            for (_, tokenizer) in versions {
                guard let tokenizer else { continue }
                try robot.check(columns: tokenizer.dimension, for: names)
            }
            let summary = try await replay(versions, names, simulator)
            try DurableFile.writeJSON(summary, to: ReplaySummary.url(in: out.asFile))
            if json { return try Terminal.printJSON(summary) }
            for version in summary.versions { print(version.text(of: summary.episodes.count)) }
        }

        private func open() throws -> [(name: String, tokenizer: (any ActionTokenizer)?)] {
            let device = try compute.prepare()
            let entries = try TokenizerEntry.list(tokenizers).filter { $0.sources != [ReplaySummary.raw] }
            let horizon = try TokenizerEntry.horizon(of: entries, device: device) ?? horizon
            let opening = TokenizerOpening(
                demonstrations: try data.map { try Demonstrations(opening: $0.asFile) },
                episodes: nil,
                takesOtherRobots: false,
                horizon: horizon,
                device: device
            )
            var versions: [(name: String, tokenizer: (any ActionTokenizer)?)] = [(ReplaySummary.raw, nil)]
            for entry in entries {
                let name = entry.label.isEmpty ? entry.name : "\(entry.name) (\(entry.label))"
                let tokenizers = try opening.tokenizers(entry)
                for (index, tokenizer) in tokenizers.enumerated() {
                    versions.append((tokenizers.count > 1 ? "\(name), seed \(index + 1)" : name, tokenizer))
                }
            }
            return versions
        }

        private func replay(
            _ versions: [(name: String, tokenizer: (any ActionTokenizer)?)],
            _ names: [String],
            _ simulator: Simulator
        ) async throws -> ReplaySummary {
            let server = simulatorServer(RoundTripServer(versions), processes: workers)
            var plan = ReplayPlan(port: try await server.start(), tasks: names, episodes: episodes)
            plan.seed = seed
            let progress = Terminal.Progress("replay")
            do {
                let found = try await SimulatorRunner(simulator: simulator, workers: workers).replay(plan) {
                    progress.update($1, $0.task)
                }
                await server.shutdown()
                return ReplaySummary(
                    simulator: simulator.name,
                    seed: seed,
                    tasks: names,
                    names: versions.map(\.name),
                    episodes: found
                )
            } catch {
                await server.shutdown(gracePeriod: .zero)
                throw error
            }
        }
    }
}

extension ReplaySummary.Version {
    /// The version for people.
    fileprivate func text(of episodes: Int) -> String {
        let rate = String(
            format: "%5.1f %%  [%.0f, %.0f]  of %d",
            100 * success,
            100 * interval.low,
            100 * interval.high,
            episodes
        )
        let change = difference.map { difference in
            String(
                format: "  %+.1f points [%+.1f, %+.1f], lost %d, won %d, p %.2g",
                100 * difference.value,
                100 * difference.interval.low,
                100 * difference.interval.high,
                difference.lost,
                difference.won,
                difference.pValue
            )
        }
        return name.padding(toLength: 28, withPad: " ", startingAt: 0) + rate + (change ?? "")
    }
}
