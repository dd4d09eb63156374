public import ArgumentParser
public import FASTerVLA
import PolicyProtocol
import RobotTypes

/// Decoding of a policy's codes.
struct DecodingOptions: ParsableArguments {
    @Option(help: "Codes per forward pass; 1 decodes token by token (default: as trained).")
    var blockSize: Int?

    @Option(help: "Decode only the first codebooks, coarse to fine (default: all).")
    var codebooks: Int?

    @Option(
        name: .customLong("mask-predict"),
        help:
            "Blocks to decode again from their most confident codes, coarse ones first (needs a policy trained with supportsMaskPredict)."
    )
    var maskPredictBlocks: Int?

    @Option(
        help:
            "End a chunk with the codebook after which <EoBlk> is more probable than this; 1 decodes all codebooks (needs a policy trained with earlyEnd; default: 0.5)."
    )
    var endThreshold: Double?

    @Option(
        name: .customLong("deadline-ms"),
        help: "Milliseconds for a reply to requests that name no deadline, if need be with fewer codebooks."
    )
    var deadline: Double?

    @Option(
        help:
            "Temperature of sampling; 0 decodes greedily. A greedy policy that is given --temperature, --top-k, --top-p or several --samples takes top 50 at temperature 0.8 for the rest."
    )
    var temperature: Double?

    @Option(help: "Sample among this many most probable codes; 0 admits all (default: as trained).")
    var topK: Int?

    @Option(
        help:
            "Sample among the most probable codes of this joint probability; 1 admits all (default: as trained)."
    )
    var topP: Double?

    @Option(help: "Code that greedy decoding takes (default: as trained).")
    var greedyChoice: GreedyChoice?

    @Option(help: "Samples per reply, which is their mean (default: as trained).")
    var samples: Int?

    @Flag(help: "Record the blocks of greedy decoding as a CUDA graph (with --device cuda).")
    var cudaGraphs = false

    func validate() throws {
        try expect(samples, "--samples", "1 ... \(Sampling.largestSampleCount)") {
            1 ... Sampling.largestSampleCount ~= $0
        }
        try blockSize.map { try atLeastOne($0, "--block-size") }
        try codebooks.map { try atLeastOne($0, "--codebooks") }
        try expect(maskPredictBlocks, "--mask-predict", "at least 0") { $0 >= 0 }
        try expect(endThreshold, "--end-threshold", "0 ... 1") { 0 ... 1 ~= $0 }
        try expect(deadline, "--deadline-ms", "a positive number") { $0 > 0 && $0.isFinite }
        try expect(temperature, "--temperature", "at least 0") { $0 >= 0 && $0.isFinite }
        try expect(topK, "--top-k", "at least 0") { $0 >= 0 }
        try expect(topP, "--top-p", "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
    }

    /// The options as the policy reads them.
    var settings: DecodingSettings {
        var settings = DecodingSettings()
        settings.blockSize = blockSize
        settings.codebooks = codebooks
        settings.maskPredictBlocks = maskPredictBlocks
        settings.endThreshold = endThreshold
        settings.sampleCount = samples
        settings.usesGraphs = cudaGraphs
        settings.deadline = deadline.map { PredictionOptions.deadline(milliseconds: $0) }
        settings.temperature = temperature
        settings.topK = topK
        settings.topP = topP
        settings.greedyChoice = greedyChoice
        return settings
    }

    /// The options that are given, by name, as text.
    var given: [String: String] {
        let all: [String: (any CustomStringConvertible)?] = [
            "block-size": blockSize, "codebooks": codebooks, "mask-predict": maskPredictBlocks,
            "end-threshold": endThreshold, "deadline-ms": deadline, "temperature": temperature,
            "top-k": topK, "top-p": topP, "samples": samples, "greedy-choice": greedyChoice?.rawValue,
            "cuda-graphs": cudaGraphs ? "yes" : nil,
        ]
        return all.compactMapValues { $0?.description }
    }

    private func expect<Number>(
        _ number: Number?,
        _ option: String,
        _ expected: String,
        _ holds: (Number) -> Bool
    ) throws {
        guard let number, !holds(number) else { return }
        throw ValidationError("\(option): expected \(expected), found \(number)")
    }
}

extension GreedyChoice: ExpressibleByArgument {}
