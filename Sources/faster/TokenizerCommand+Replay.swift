import ActionTokenizers
import ArgumentParser
import Evaluation
import Foundation
import Recording
import RobotTypes
import Support
import TokenizerRegistry
import Torch
import Training

extension TokenizerCommand {
    /// `faster tokenizer replay`.
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Execute a simulator's experts' episodes after a round trip through tokenizers.",
            discussion: """
                An expert's actions are encoded and decoded by every tokenizer, chunk after chunk, and executed open loop \
                from the same scene. 'raw' are the original actions, the baseline that is always included. Baseline \
                tokenizers are fitted to --data. 'tokenizer compare --replay DIR' shows the result.
                """
        )

        @Option(help: "Folders and baselines, with commas between.")
        var tokenizers: String

        @OptionGroup var rollouts: RolloutOptions

        @Option(help: "Folder of a LeRobot dataset, v2.0, v2.1 or v3.0, that baselines are fitted to.")
        var data: String?

        @Option(help: "Horizon of a chunk in control steps, where no tokenizer's folder has one.")
        var horizon = 16

        @Option(help: "Folder for replay.json.")
        var out: String

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var compute: ComputeOptions

        func validate() throws {
            try horizonNumber(horizon)
            let specifications = try TokenizerSpecification.options(tokenizers)
            if let one = specifications.first(where: { $0.earlyEnd != nil }) {
                throw ValidationError(
                    "--tokenizers: '\(one.name)': expected no 'early-end', which only compare knows"
                )
            }
            if specifications.contains(where: { $0.name == ReplaySummary.raw && $0.sources != [$0.name] }) {
                throw ValidationError(
                    "--tokenizers: expected another name than '\(ReplaySummary.raw)', that of the original actions"
                )
            }
            let fitted = specifications.first { $0.fitted != nil }
            if let fitted, data == nil {
                throw ValidationError("--data: '\(fitted.name)' needs a dataset to be fitted to")
            }
        }

        func run() async throws {
            _ = try OutputFolder(out)
            let device = try compute.prepare()
            let simulator = try await rollouts.open()
            let versions = try open(device)
            for (_, tokenizer) in versions {
                guard let tokenizer else { continue }
                try simulator.description.check(columns: tokenizer.dimension, for: simulator.tasks)
            }
            let summary = try await replay(versions, simulator)
            try DurableFile.writeJSON(summary, to: ReplaySummary.url(in: out.asFile))
            if json { return try Terminal.printJSON(summary) }
            for version in summary.versions { print(version.text(of: summary.episodes.count)) }
        }

        private func open(_ device: Device) throws -> [(name: String, tokenizer: (any ActionTokenizer)?)] {
            let specifications = try TokenizerSpecification.options(tokenizers)
                .filter { $0.sources != [ReplaySummary.raw] }
            let actions = try data.map {
                try Demonstrations(opening: $0.asFile, warn: Terminal.warn).robotActions(episodes: nil)
            }
            var opener = TokenizerOpener(device, actions: actions, horizon: horizon)
            opener.horizon = try opener.horizon(of: specifications) ?? horizon
            var versions: [(name: String, tokenizer: (any ActionTokenizer)?)] = [(ReplaySummary.raw, nil)]
            for specification in specifications {
                let (name, label) = (specification.name, specification.label)
                let title = label.isEmpty ? name : "\(name) (\(label))"
                let tokenizers = try opener.tokenizers(specification)
                for (index, tokenizer) in tokenizers.enumerated() {
                    if let transform = tokenizer.normalization.transform {
                        throw ActionTokenizerError(
                            "\(name): expected a tokenizer of actions as the simulator executes them, found one of \(transform)"
                        )
                    }
                    versions.append((tokenizers.count > 1 ? "\(title), seed \(index + 1)" : title, tokenizer))
                }
            }
            return versions
        }

        private func replay(
            _ versions: [(name: String, tokenizer: (any ActionTokenizer)?)],
            _ simulator: OpenedSimulator
        ) async throws -> ReplaySummary {
            let server = RoundTripServer(versions)
            let found = try await withServer(server, clients: rollouts.workers) { port in
                var plan = ReplayPlan(port: port, tasks: simulator.tasks, episodes: rollouts.episodes)
                plan.seed = rollouts.seed
                return try await simulator.run(plan, label: "replay", detail: \.task)
            }
            return ReplaySummary(
                simulator: rollouts.simulator,
                seed: rollouts.seed,
                tasks: simulator.tasks,
                names: versions.map(\.name),
                episodes: found
            )
        }
    }
}

extension ReplaySummary.Version {
    /// The version's line of output.
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
        return name.column(28) + rate + (change ?? "")
    }
}
