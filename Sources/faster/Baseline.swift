import ActionTokenizers
import ArgumentParser
import Foundation
import RobotTypes
import Training

/// The tokenizers that FASTerVQ is compared with and that are fitted, not trained.
enum Baseline: String, CaseIterable, ExpressibleByArgument {
    case fast, beast, binning
    case uniformBinning = "binning-uniform"
}

/// How a baseline is made.
struct BaselineOptions: ParsableArguments {
    @Option(help: "Control steps of a chunk, for tokenizers that are fitted.")
    var horizon = 16

    @Option(help: "Rounding steps in a unit, for 'fast'.")
    var scale = 10.0

    @Option(help: "Tokens in all, for 'fast'.")
    var vocabulary = 1024

    @Option(help: "Control points of a column, for 'beast'.")
    var controlPoints = 5

    @Option(help: "Share of control points that may lie beyond either bound of the bins, for 'beast'.")
    var outside = 0.01

    /// The options as they would be given.
    var arguments: [String] {
        [
            "--horizon=\(horizon)", "--scale=\(scale)", "--vocabulary=\(vocabulary)",
            "--control-points=\(controlPoints)", "--outside=\(outside)",
        ]
    }

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
        func chunks() throws -> ActionChunks {
            var chunks = try demonstrations.chunks(horizon: horizon, episodes: episodes)
            chunks.values = normalization.normalized(chunks.values)
            return chunks
        }
        switch kind {
        case .fast:
            return try FASTTokenizer(
                fitting: chunks(),
                normalization: normalization,
                scale: Float(scale),
                vocabularySize: vocabulary
            )
        case .beast:
            return try BEASTTokenizer(
                fitting: chunks(),
                normalization: normalization,
                controlPoints: controlPoints,
                outside: outside
            )
        case .binning, .uniformBinning:
            return BinningTokenizer(
                horizon: horizon,
                dimension: demonstrations.actionSpace.dimension,
                normalization: normalization,
                bounds: kind == .binning ? .quantiles : .range
            )
        }
    }
}

/// A tokenizer that can be kept in a folder.
protocol FolderTokenizer: ActionTokenizer {
    func save(to folder: URL) throws
}

extension FASTTokenizer: FolderTokenizer {}
extension BEASTTokenizer: FolderTokenizer {}
extension BinningTokenizer: FolderTokenizer {}
