import ActionTokenizers
import ArgumentParser
import Foundation
import RobotTypes
import Training

/// The tokenizers that FASTerVQ is compared with.
enum Baseline: String, CaseIterable, ExpressibleByArgument {
    case fast, binning
}

/// How a baseline is made.
struct BaselineOptions: ParsableArguments {
    @Option(help: "Control steps of a chunk, for 'fast' and 'binning'.")
    var horizon = 16

    @Option(help: "Rounding steps in a unit, for 'fast'.")
    var scale = 10.0

    @Option(help: "Tokens in all, for 'fast'.")
    var vocabulary = 1024

    func validate() throws {
        guard (1 ... 4096).contains(horizon) else {
            throw ValidationError("--horizon: expected 1 ... 4096, found \(horizon)")
        }
        guard scale.isFinite, scale > 0 else {
            throw ValidationError("--scale: expected a positive number such as 10, found \(scale)")
        }
    }

    /// The baseline that fits `episodes` (nil: all).
    func fit(_ kind: Baseline, to demonstrations: Demonstrations, episodes: [Int]?) throws
        -> any FolderTokenizer
    {
        let normalization = demonstrations.actionNormalization(.quantiles, episodes: episodes)
        switch kind {
        case .fast:
            var chunks = try demonstrations.chunks(horizon: horizon, episodes: episodes)
            chunks.values = normalization.normalized(chunks.values)
            return try FASTTokenizer(
                fitting: chunks,
                normalization: normalization,
                scale: Float(scale),
                vocabularySize: vocabulary
            )
        case .binning:
            return BinningTokenizer(
                horizon: horizon,
                dimension: demonstrations.actionSpace.dimension,
                normalization: normalization
            )
        }
    }
}

/// A tokenizer that can be kept in a folder.
protocol FolderTokenizer: ActionTokenizer {
    func save(to folder: URL) throws
}

extension FASTTokenizer: FolderTokenizer {}
extension BinningTokenizer: FolderTokenizer {}
