import ActionTokenizers
import ArgumentParser
import Comparison
import Evaluation
import Foundation
import Reports
import Support
import Synchronization
import TokenizerRegistry
import Torch

extension TokenizerCommand {
    /// `faster tokenizer compare`.
    struct Compare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare tokenizers on datasets: one page and its numbers.",
            discussion: """
                Tokenizers are folders, or baselines that are fitted to the episodes that are not evaluated: \
                --tokenizers runs/new,fast,fast:scale=5,fast:scale=20,binning. Trainings that differ in their seed only \
                are one tokenizer, shown as a mean with its interval: 'new=runs/a+runs/b' or 'runs/new-{0,1,2}', quoted. \
                A folder that belongs to no robot serves with the statistics of the episodes that are not evaluated; on \
                --held-out datasets so do the folders of other robots.
                """
        )

        @Option(help: "Folder of a LeRobot v3.0 dataset; may be repeated.")
        var data: [String] = []

        @Option(help: "Folder of a dataset of which no tokenizer has seen robot or tasks; may be repeated.")
        var heldOut: [String] = []

        @Option(help: "Folders and baselines, with commas between.")
        var tokenizers: String

        @Option(help: "Episodes of every dataset to evaluate, for example 36:40, or 9::10 for every tenth.")
        var episodes = "9::10"

        @Option(help: "Control steps of a chunk, where no tokenizer's folder says them.")
        var horizon = 16

        @Option(help: "Determines which episodes are drawn again for intervals.")
        var seed: UInt64 = 0

        @Option(help: "Folder of a replay to show as well; may be repeated.")
        var replay: [String] = []

        @Option(help: "Folder for report.html and compare.json.")
        var out: String

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var compute: ComputeOptions

        func validate() throws {
            try atLeastOne(horizon, "--horizon")
            guard !(data.isEmpty && heldOut.isEmpty) else {
                throw ValidationError("expected --data DIR or --held-out DIR, found neither")
            }
            _ = try TokenizerSpecification.options(tokenizers)
        }

        func run() throws {
            _ = try OutputFolder(out)
            let device = try compute.prepare()
            let entries = try TokenizerSpecification.options(tokenizers)
            let replays = try replay.map { try ReplaySummary.read(from: $0.asFile) }
            let chunkSteps = try TokenizerOpener(device).horizon(of: entries) ?? horizon
            let datasets =
                try data.map { try ComparedDataset($0, episodes: episodes, isHeldOut: false) }
                + heldOut.map { try ComparedDataset($0, episodes: episodes, isHeldOut: true) }
            for dataset in datasets { try dataset.check(entries, horizon: chunkSteps, device: device) }
            var runs = try compare(datasets, entries, horizon: chunkSteps, device: device)
            let timing = Terminal.Progress("times")
            for index in runs.indices {
                timing.update(index, of: runs.count, runs[index].result.name)
                try runs[index].measureTimes()
            }
            timing.update(runs.count, of: runs.count)
            let document = CompareDocument(
                seed: seed,
                tokenizers: tokenizers,
                episodes: episodes,
                datasets: runs.map(\.result),
                replays: replays
            )
            let folder = out.asFile
            try document.report(examples: runs.map(\.examples), command: command)
                .write(to: folder.appending(path: "report.html"))
            try DurableFile.writeJSON(document, to: folder.appending(path: "compare.json"))
            if json { return try Terminal.printJSON(document) }
            for run in runs { print(run.result.text) }
            print("\(out)/report.html")
        }

        private var command: String {
            var options = data.map { "--data \($0)" } + heldOut.map { "--held-out \($0)" }
            options += ["--tokenizers '\(tokenizers)'", "--episodes \(episodes)", "--horizon \(horizon)"]
            options += replay.map { "--replay \($0)" }
            options += ["--seed \(seed)", "--out \(out)"]
            return "faster tokenizer compare " + options.joined(separator: " ")
        }

        /// Datasets at the same time, where there are several; their order changes nothing.
        private func compare(
            _ datasets: [ComparedDataset],
            _ entries: [TokenizerSpecification],
            horizon: Int,
            device: Device
        ) throws -> [ComparisonRun] {
            let cores = ProcessInfo.processInfo.activeProcessorCount
            let width = min(datasets.count, cores)
            // Every dataset computes on a core of its own; operators must not ask for all of them as well.
            if width > 1, compute.threads == nil { Torch.threadCount = max(1, cores / width) }
            let total = datasets.count * entries.reduce(0) { $0 + $1.sources.count }
            let progress = Terminal.Progress("compare")
            let done = Mutex(0)
            let results = Mutex([Int: Result<ComparisonRun, any Error>]())
            progress.update(0, of: total)
            DispatchQueue.concurrentPerform(iterations: datasets.count) { index in
                let dataset = datasets[index]
                let result = Result {
                    try dataset.compare(entries, horizon: horizon, seed: seed, device: device) { entrant in
                        let count = done.withLock { count in
                            count += 1
                            return count
                        }
                        progress.update(count, of: total, "\(dataset.name): \(entrant.line)")
                    }
                }
                results.withLock { $0[index] = result }
            }
            let found = results.withLock { $0 }
            return try datasets.indices.compactMap { try found[$0]?.get() }
        }
    }
}

/// `compare.json`.
struct CompareDocument: Codable {
    var formatVersion = 1
    /// What drew episodes for intervals.
    let seed: UInt64
    /// As they were given.
    let tokenizers: String
    /// As they were given.
    let episodes: String
    let datasets: [DatasetComparison]
    let replays: [ReplaySummary]

    private enum CodingKeys: String, CodingKey {
        case formatVersion = "format_version"
        case seed, tokenizers, episodes, datasets, replays
    }
}

extension DatasetComparison {
    /// The comparison for people.
    var text: String {
        let width = rates.map(\.name.count).max() ?? 0
        let lines = rates.map { rate in
            func share(_ tolerance: String) -> Double { 100 * (rate.vrr.maxAbsolute[tolerance]?.value ?? 0) }
            return "  " + rate.name.padding(toLength: width, withPad: " ", startingAt: 0)
                + String(
                    format:
                        "  %5.1f tokens  %4.0f bits  L1 %.4f [%.4f, %.4f]  VRR(0.05) %5.1f %%  VRR(0.1) %5.1f %%",
                    rate.tokensPerChunk.mean,
                    rate.bitsPerChunk.mean,
                    rate.l1.value,
                    rate.l1.shownInterval.low,
                    rate.l1.shownInterval.high,
                    share("0.05"),
                    share("0.1")
                )
        }
        return
            (["\(name): \(episodes) episodes, \(chunks) chunks of \(horizon) x \(columns.count)"] + lines
            + verdicts.map { "  " + $0.sentence }).joined(separator: "\n")
    }
}
