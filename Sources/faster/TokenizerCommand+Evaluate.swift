import ActionTokenizers
import ArgumentParser
import Foundation
import LeRobot
import Reports
import RobotTypes
import Support
import TokenizerRegistry
import Torch
import Training

extension TokenizerCommand {
    /// `faster tokenizer evaluate`.
    struct Evaluate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure how well a tokenizer reconstructs a dataset's actions.",
            discussion: """
                The tokenizer is one of

                \(TokenizerSpecification.help)

                Folders that belong to no robot, such as 'universal' or FAST+, take --horizon and the statistics of the episodes \
                that are not evaluated (of all, where all are evaluated), to which fitted tokenizers are fitted as well.
                """
        )

        @OptionGroup var dataset: DatasetOptions
        @OptionGroup var fitting: FittingOptions
        @OptionGroup var compute: ComputeOptions
        @OptionGroup var group: ProcessOptions

        @Option(help: "Tokenizer to measure.")
        var tokenizer: String

        @Flag(help: "Print JSON.")
        var json = false

        @Option(help: "Also write metrics, example reconstructions and token frequencies to this JSON file.")
        var details: String?

        func run() async throws {
            if try group.isLauncher { return try await group.launchExamination(threads: compute.threads) }
            let device = try compute.prepare(localRank: group.localRank)
            let processes = try group.join()
            var (demonstrations, episodes) = try dataset.open()
            if let resampling = TokenizerFolder.resampling(in: namedModel(tokenizer)) {
                demonstrations = demonstrations.spanning(seconds: 1 / resampling.modelRate, in: 1)
                Terminal.say("\(dataset.data): \(demonstrations.durationLine(horizon: fitting.horizon))")
            }
            let tokenizer = try open(demonstrations, evaluated: episodes, device: device)
            let recorded = try demonstrations.chunks(horizon: tokenizer.horizon, episodes: episodes)
            let clipped = try tokenizer.clippedToRange(recorded).clipped
            if clipped.count * 100 > clipped.total {
                Terminal.say("Note: \(dataset.data): \(clipped), which is a part of the error")
            }
            let chunks = tokenizer.normalized(recorded)
            let parts = try processes.gathered(
                TokenizedChunks(tokenizer, chunks.share(processes.place.rank, of: processes.place.size))
            )
            guard !Terminal.isQuiet else { return }
            let evaluation = try TokenizerEvaluation(tokenizer, on: chunks, parts: parts)
            if let details {
                let content = TokenizerDetails(
                    evaluation,
                    original: chunks,
                    space: demonstrations.actionSpace
                )
                try DurableFile.writeJSON(content, to: details.asFile)
            }
            if json { return try Terminal.printJSON(evaluation.metrics) }
            print(evaluation.metrics.table)
        }

        private func open(
            _ demonstrations: Demonstrations,
            evaluated: [Int]?,
            device: Device
        ) throws -> any ActionTokenizer {
            let all = 0 ..< demonstrations.dataset.episodes.count
            let unused = all.filter { !Set(evaluated ?? []).contains($0) }
            let others =
                unused.isEmpty || dataset.selection.episodes.isEmpty
                ? []
                : try dataset.selection.mapping.usable(
                    unused,
                    of: demonstrations,
                    dataset.data,
                    usesStates: false
                ) ?? unused
            var opener = TokenizerOpener(
                device,
                actions: try demonstrations.robotActions(
                    episodes: others.isEmpty ? evaluated : others
                ),
                horizon: fitting.horizon
            )
            opener.settings = fitting.settings
            return try opener.tokenizer(tokenizer)
        }
    }
}

extension TokenizerMetrics {
    /// The metrics for people.
    var table: String {
        func number(_ value: Double) -> String { String(format: "%.4f", value) }
        func percent(_ value: Double?) -> String { String(format: "%.1f %%", 100 * (value ?? 0)) }
        let use = codebooks.map { percent($0.utilization) }.joined(separator: ", ")
        return """
            \(tokenizer) on \(chunks) chunks of \(horizon) x \(dimensions)
              tokens a chunk   \(String(format: "%.1f, at most %.0f", tokensPerChunk.mean, tokensPerChunk.max)) \
            (\(String(format: "%.0f", bitsPerChunk.mean)) bits; \(String(format: "%.1f", compressionRatio)) scalars a token)
              L1               \(number(l1))   MSE \(number(mse))
              VRR, max-abs     0.01 \(percent(vrr.maxAbsolute["0.01"]))   0.05 \(percent(vrr.maxAbsolute["0.05"]))   \
            0.1 \(percent(vrr.maxAbsolute["0.1"]))
              codebook use     \(use)
              encode, decode   \(String(format: "%.0f us, %.0f us", encodeMicroseconds.p50, decodeMicroseconds.p50))
            """
    }
}
