public import ArgumentParser
import FASTerVQ
import Foundation
import Support
public import TokenizerRegistry
import Torch

extension FittedTokenizer: ExpressibleByArgument {}

/// Settings of tokenizers that are fitted.
struct FittingOptions: ParsableArguments {
    @Option(help: "Control steps of a chunk.")
    var horizon = 16

    @Option(help: "Latent positions, for 'fastervq-linear' (default: as many as an RMS error of 0.01 takes).")
    var positions: Int?

    @Option(help: "Codebooks, for 'fastervq-linear'.")
    var codebooks = FittedTokenizer.Settings().linear.codebookCount

    @Option(help: "Entries of a codebook, for 'fastervq-linear'.")
    var entries = FittedTokenizer.Settings().linear.codebookSize

    @Option(help: "Seed, for 'fastervq-linear'.")
    var seed: UInt64 = 0

    @Option(help: "Rounding steps in a unit, for 'fast'.")
    var scale = FittedTokenizer.Settings().scale

    @Option(help: "Number of tokens, for 'fast'.")
    var vocabulary = FittedTokenizer.Settings().vocabulary

    @Option(help: "Control points of a column, for 'beast'.")
    var controlPoints = FittedTokenizer.Settings().controlPoints

    @Option(help: "Fraction of control points that may lie beyond either bound of the bins, for 'beast'.")
    var outside = FittedTokenizer.Settings().outside

    /// The options in the library's terms.
    var settings: FittedTokenizer.Settings {
        var settings = FittedTokenizer.Settings()
        (settings.linear.latentPositions, settings.linear.codebookCount) = (positions, codebooks)
        (settings.linear.codebookSize, settings.linear.seed) = (entries, seed)
        (settings.scale, settings.vocabulary) = (scale, vocabulary)
        (settings.controlPoints, settings.outside) = (controlPoints, outside)
        return settings
    }

    func validate() throws {
        try horizonNumber(horizon)
        do { try settings.validate() } catch {
            throw ValidationError("--\(error.key): expected \(error.expected), found \(error.found)")
        }
    }
}

extension TokenizerOpener {
    /// An opener that also finds the models that come with the program.
    ///
    /// - Parameters:
    ///   - device: Device of the weights.
    ///   - actions: The actions that tokenizers are fitted or adapted to.
    ///   - horizon: Number of control steps of a chunk, for tokenizers without one of their own.
    init(_ device: Device, actions: RobotActions? = nil, horizon: Int = 16) {
        self.init(device: device) { namedModel($0) }
        self.actions = actions
        self.horizon = horizon
    }
}

extension TokenizerSpecification {
    /// The specifications of `--tokenizers`.
    ///
    /// - Throws: `ValidationError` that quotes the text that cannot be read.
    static func options(_ text: String) throws -> [TokenizerSpecification] {
        do { return try list(text) } catch { throw ValidationError("--tokenizers: \(error)") }
    }

    /// Help on the form of a specification.
    static let help = """
        FOLDER                     a tokenizer's folder, one of the public FAST processor, or 'universal'
        FOLDER:codebooks=2         its first two codebooks only
        fastervq-linear | fast | beast | binning | binning-uniform
                                   fitted to the episodes that are not evaluated
        fast:scale=5               with a setting: scale, vocabulary, control-points, outside; for fastervq-linear
                                   positions, codebooks, entries, seed
        """
}
