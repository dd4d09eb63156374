import ActionTokenizers
import ArgumentParser
import Foundation
import LeRobot
import Reports
import RobotTypes
import Support
import Torch
import Training

extension TokenizerCommand {
    /// `faster tokenizer evaluate`.
    struct Evaluate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure how well a tokenizer reconstructs a dataset's actions.",
            discussion: """
                'fast', 'beast', 'binning' and 'binning-uniform' need no folder: they are fitted to the episodes that \
                are not evaluated (to all, where all are). 'tokenizer fit' keeps them in one. A folder that the public \
                FAST processor saved, such as FAST+, and a model for robots of every kind take \
                --horizon and the actions' quantiles from here, too; 'universal' is one that comes with the program. \
                FOLDER:codebooks=2 measures the first two codebooks.
                """
        )

        @OptionGroup var dataset: DatasetOptions
        @OptionGroup var baseline: BaselineOptions
        @OptionGroup var compute: ComputeOptions

        @Option(
            help:
                "Folder of a tokenizer or model, or 'universal', 'fast', 'beast', 'binning' or 'binning-uniform'."
        )
        var tokenizer: String

        @Flag(help: "Print JSON.")
        var json = false

        @Option(help: "Also write metrics, example reconstructions and token frequencies to this JSON file.")
        var details: String?

        func run() throws {
            let device = try compute.prepare()
            let (demonstrations, episodes) = try dataset.open()
            let tokenizer = try make(demonstrations, evaluated: episodes, device: device)
            let chunks = tokenizer.normalized(
                try demonstrations.chunks(horizon: tokenizer.horizon, episodes: episodes)
            )
            let evaluation = try TokenizerEvaluation(tokenizer, on: chunks)
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

        private func make(
            _ demonstrations: Demonstrations,
            evaluated: [Int]?,
            device: Device
        ) throws -> any ActionTokenizer {
            let count = demonstrations.dataset.episodes.count
            let others =
                evaluated.map(Set.init).map { chosen in (0 ..< count).filter { !chosen.contains($0) } } ?? []
            let fitted = others.isEmpty ? nil : others
            if let kind = Baseline(rawValue: tokenizer) {
                return try baseline.fit(kind, to: demonstrations, episodes: fitted)
            }
            let opening = TokenizerOpening(
                demonstrations: demonstrations,
                episodes: fitted,
                takesOtherRobots: false,
                horizon: baseline.horizon,
                device: device,
                baselineArguments: baseline.arguments
            )
            return try opening.tokenizer(tokenizer)
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
