import ArgumentParser
import FASTerVLA
import Foundation
import NN
import Torch
import Training

extension PolicyCommand {
    /// `faster policy quantize`.
    struct Quantize: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a policy on a published model with weights of 8 or 4 bits, for inference.",
            discussion: """
                The linear layers of backbone and expert become whole numbers: of 8 bits with a scale an output channel, of \
                4 bits with a scale an output channel and 64 inputs. Embeddings, norms and heads are kept. 'faster serve', \
                'evaluate' and 'policy inspect' take the result like any other policy; it cannot be trained.
                With --data, both policies decode observations of a dataset, greedily: the fraction of tokens that change, how \
                far their actions lie apart, and how far from the demonstrated ones, in normalised units.
                """
        )

        @Option(
            help:
                "Folder of a policy that was trained with backbone.pretrained; one with adapters has to be merged first."
        )
        var policy: String

        @Option(help: "Folder for the result.")
        var out: String

        @Option(help: "Bits of a weight: 8 or 4.")
        var bits = 8

        @Option(help: "Folder of a LeRobot dataset to compare both policies on.")
        var data: String?

        @OptionGroup var selection: EpisodeOptions

        @Option(help: "Number of observations to compare them on, evenly spaced over the episodes.")
        var observations = 64

        @OptionGroup var robot: EmbodimentOptions
        @OptionGroup var compute: ComputeOptions

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            try atLeastOne(observations, "--observations")
            guard WeightQuantization.allCases.contains(where: { $0.bits == bits }) else {
                throw ValidationError("--bits: expected 8 or 4, found \(bits)")
            }
        }

        func run() throws {
            let output = try OutputFolder(out)
            try output.checkUnfinished()
            let device = try compute.prepare()
            let folder = namedModel(policy, family: .policies)
            let compared = try data.map { try openBoth(folder, $0, device) }
            let progress = Terminal.DelayedProgress("quantize")
            let weights = try PolicyFolder.quantize(
                folder,
                loaded: compared?.policy,
                as: bits == 8 ? .int8 : .int4,
                to: out.asFile
            ) {
                progress.update($0, of: $1, "parameters")
            }
            let predictions = try compared.map { try agreement($0.policy, $0.examples, device) }
            if json { return try Terminal.printJSON(Document(weights: weights, predictions: predictions)) }
            for line in weights.lines + (predictions?.lines ?? []) { print(line) }
            print("\(out): weights of \(bits) bits")
        }

        /// The policy and the examples to compare it on: what does not fit is found out before the work.
        private func openBoth(
            _ folder: URL,
            _ data: String,
            _ device: Device
        ) throws -> (policy: PolicyFolder.Parts, examples: DemonstratedExamples) {
            let (demonstrations, episodes) = try selection.open([data], usesStates: true)[0]
            let robots = try PolicyFolder.configuration(of: folder).mixture?.embodiments
            let policy = try PolicyFolder.parts(
                of: folder,
                embodiment: robot.embodiment ?? robots?.first?.name,
                device: device
            )
            let examples = try DemonstratedExamples(
                demonstrations,
                episodes: episodes,
                for: policy,
                count: observations
            )
            return (policy, examples)
        }

        private func agreement(
            _ policy: PolicyFolder.Parts,
            _ examples: DemonstratedExamples,
            _ device: Device
        ) throws -> PolicyAgreement {
            let name = policy.embodiment.flatMap { policy.configuration.mixture?.embodiments[$0].name }
            let quantized = try PolicyFolder.parts(of: out.asFile, embodiment: name, device: device)
            let progress = Terminal.Progress("compare")
            return try PolicyAgreement(
                (policy, quantized),
                count: examples.count,
                device: device,
                example: { try examples($0) },
                progress: { progress.update($0, of: examples.count, "observations") }
            )
        }
    }

    private struct Document: Encodable {
        var weights: QuantizationReport
        var predictions: PolicyAgreement?
    }
}

extension QuantizationReport {
    /// Errors and sizes, with the layers that changed most.
    fileprivate var lines: [String] {
        func percent(_ fraction: Double) -> String { String(format: "%.2f %%", 100 * fraction) }
        func megabytes(_ bytes: Int) -> String { String(format: "%.2f MB", Double(bytes) / 1e6) }
        let worst = layers.sorted { $0.relativeError > $1.relativeError }.prefix(5)
        return ["largest relative errors of weights:"]
            + worst.map { "  \(percent($0.relativeError))  \($0.outputs) x \($0.inputs)  \($0.name)" } + [
                "\(layers.count) layers: relative error \(percent(relativeError)), "
                    + "\(megabytes(bytesBefore)) of parameters become \(megabytes(bytesAfter))"
            ]
    }
}

extension PolicyAgreement {
    /// Changes of tokens and actions.
    fileprivate var lines: [String] {
        let changed = changedTokenFraction.map {
            String(format: "%d of %d tokens change (%.2f %%), ", changedTokens, tokens, 100 * $0)
        }
        let actions = String(
            format:
                "actions differ by %.4f, %.4f at most; from the demonstrated ones by %.4f before, %.4f after",
            actionDifference,
            largestActionDifference,
            actionErrors[0],
            actionErrors[1]
        )
        return ["\(observations) observations: \(changed ?? "")\(actions), normalised"]
    }
}
