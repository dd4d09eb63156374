import ActionTokenizers
import ArgumentParser
import Comparison
import Evaluation
import Foundation
import LeRobot
import Reports
import Support
import TokenizerRegistry
import Training

extension TokenizerCommand {
    /// `faster tokenizer compare`.
    struct Compare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare tokenizers on datasets: one page and its numbers.",
            discussion: """
                A tokenizer is a folder, or a baseline that is fitted to the episodes that are not evaluated: \
                --tokenizers runs/new,fast,fast:scale=5,fast:scale=20,binning. Trainings that differ only in their seed \
                are one tokenizer, shown as a mean with its interval: 'new=runs/a+runs/b' or 'runs/new-{0,1,2}', quoted. \
                With runs/new:early-end=0.05, every chunk ends after the fewest codebooks whose largest error is within 0.05. \
                A folder that belongs to no robot uses the statistics of the episodes that are not evaluated; on \
                --held-out datasets, so do the folders of other robots.
                """
        )

        @Option(help: "Folder of a LeRobot dataset, v2.0, v2.1 or v3.0; may be repeated.")
        var data: [String] = []

        @Option(
            help: "Folder of a dataset whose robot and tasks no tokenizer was trained on; may be repeated."
        )
        var heldOut: [String] = []

        @Option(help: "Folders and baselines, with commas between.")
        var tokenizers: String

        @Option(help: "Episodes of every dataset to evaluate, for example 36:40, or 9::10 for every tenth.")
        var episodes = "9::10"

        @Option(help: "Control steps of a chunk, for tokenizers whose folders have no horizon.")
        var horizon = 16

        @Option(help: "Seed of the bootstrap over trainings and episodes, for intervals.")
        var seed: UInt64 = 0

        @Option(help: "Folder of a replay to include in the report; may be repeated.")
        var replay: [String] = []

        @Option(help: "Folder for report.html and compare.json.")
        var out: String

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var mapping: MappingOptions
        @OptionGroup var compute: ComputeOptions

        func validate() throws {
            try horizonNumber(horizon)
            guard !(data.isEmpty && heldOut.isEmpty) else {
                throw ValidationError("expected --data DIR or --held-out DIR, found neither")
            }
            _ = try TokenizerSpecification.options(tokenizers)
        }

        func run() throws {
            _ = try OutputFolder(out)
            let device = try compute.prepare()
            let specifications = try TokenizerSpecification.options(tokenizers)
            let replays = try replay.map { try ReplaySummary.read(from: $0.asFile) }
            var opener = TokenizerOpener(device, horizon: horizon)
            opener.horizon = try opener.horizon(of: specifications) ?? horizon
            let datasets = try openDatasets()
            for dataset in datasets { try dataset.check(specifications, opener) }
            let progress = ComparisonProgressLine()
            var runs = try datasets.compare(
                specifications,
                opener,
                seed: seed,
                dividesCores: compute.threads == nil
            ) { progress.show($0) }
            progress.finish()
            let timing = Terminal.Progress("times")
            for index in runs.indices {
                timing.update(index, of: runs.count, runs[index].result.name)
                try runs[index].measureTimes()
            }
            timing.update(runs.count, of: runs.count)
            let document = ComparisonDocument(
                seed: seed,
                tokenizers: tokenizers,
                episodes: episodes,
                datasets: runs.map(\.result),
                replays: replays
            )
            let folder = out.asFile
            try document.report(
                examples: runs.map(\.examples),
                command: command,
                programVersion: Faster.version
            ).write(to: folder.appending(path: "report.html"))
            try DurableFile.writeJSON(document, to: folder.appending(path: "compare.json"))
            if json { return try Terminal.printJSON(document) }
            for run in runs { print(run.result.text) }
            print("\(out)/report.html")
        }

        private func openDatasets() throws -> [ComparedDataset] {
            let folders = data + heldOut
            let mappings = try mapping.read(for: folders)
            return try folders.enumerated().map { index, folder in
                let dataset = try ComparedDataset(
                    folder.asFile,
                    episodes: episodes,
                    isHeldOut: index >= data.count,
                    mapping: mappings[index],
                    skipsNaN: mapping.skipNanEpisodes,
                    warn: Terminal.warn
                )
                MappingOptions.show(dataset.demonstrations, folder)
                if mapping.skipNanEpisodes {
                    let count = dataset.demonstrations.dataset.episodes.count
                    MappingOptions.say(leftOut: dataset.skipped, of: count, folder)
                }
                return dataset
            }
        }

        private var command: String {
            var options = data.map { "--data \($0)" } + heldOut.map { "--held-out \($0)" }
            options += ["--tokenizers '\(tokenizers)'", "--episodes \(episodes)", "--horizon \(horizon)"]
            options += mapping.mapping.map { "--mapping \($0)" }
            if mapping.skipNanEpisodes { options.append("--skip-nan-episodes") }
            options += replay.map { "--replay \($0)" }
            options += ["--seed \(seed)", "--out \(out)"]
            return "faster tokenizer compare " + options.joined(separator: " ")
        }
    }
}

extension DatasetComparison {
    /// The comparison as text.
    var text: String {
        let width = operatingPoints.map(\.name.count).max() ?? 0
        let lines = operatingPoints.map { point in
            func percent(_ tolerance: String) -> Double {
                100 * (point.vrr.maxAbsolute[tolerance]?.value ?? 0)
            }
            return "  " + point.name.padding(toLength: width, withPad: " ", startingAt: 0)
                + String(
                    format:
                        "  %5.1f tokens (%3.0f)  %4.1f forwards  %4.0f bits  L1 %.4f [%.4f, %.4f]  VRR(0.05) %5.1f %%  VRR(0.1) %5.1f %%",
                    point.tokensPerChunk.mean,
                    point.tokensPerChunk.max,
                    point.forwardsPerChunk.mean,
                    point.bitsPerChunk.mean,
                    point.l1.value,
                    point.l1.interval.low,
                    point.l1.interval.high,
                    percent("0.05"),
                    percent("0.1")
                )
        }
        return
            (["\(name): \(episodes) episodes, \(chunks) chunks of \(horizon) x \(columns.count)"] + lines
            + results.map { "  " + $0.sentence }).joined(separator: "\n")
    }
}
