internal import NN
internal import Support
internal import Torch

/// The training task of a tokenizer: chunks sampled at random, latents that pass unquantized until the codebooks are
/// initialised from them.
///
/// All tokenizers share optimizer, schedule and steps, so that they differ in the tokenizer alone.
protocol TokenizerTask: TrainingTask {
    associatedtype Network: Module

    var recipe: TokenizerRecipe { get }

    var seed: UInt64 { get }

    var network: Network { get }

    /// Returns true if the codebooks have entries from the beginning.
    var hasCodebooks: Bool { get }

    /// Initialises the codebooks by k-means over the latents of random chunks.
    func initializeCodebooks()

    /// The loss of random chunks.
    ///
    /// - Parameters:
    ///   - quantizing: Quantizes latents, or passes them on as they are.
    ///   - computeDType: Number format of matrix products; nil for single precision.
    ///   - random: Generator that samples the chunks.
    /// - Returns: The loss.
    func loss(quantizing: Bool, computeDType: DType?, _ random: inout SeededRandom) -> TrainingLoss
}

extension TokenizerTask {
    var parameters: [NamedTensor] { network.parameters }

    var state: [NamedTensor] { network.tensors }

    func loss(at step: Int, computeDType: DType?) -> TrainingLoss {
        let first = hasCodebooks ? 0 : min(recipe.quantizeAfter, recipe.optimization.steps / 4)
        if step == first && !hasCodebooks { initializeCodebooks() }
        var random = SeededRandom(seed: seed, 1, UInt64(step))
        return loss(quantizing: step >= first, computeDType: computeDType, &random)
    }
}
