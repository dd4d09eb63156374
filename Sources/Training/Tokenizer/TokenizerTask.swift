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

    /// True if the training starts from a trained model.
    var startsFromModel: Bool { get }

    /// True if the codebooks have entries from the beginning.
    var hasCodebooks: Bool { get }

    /// True if there are held-out chunks.
    var hasHeldOut: Bool { get }

    /// Mean absolute error of held-out chunks after the latent codebooks, normalised; NaN where there are none.
    func heldOutL1() -> Double

    /// Initialises the codebooks by k-means over the latents of random chunks.
    func initializeCodebooks()

    /// The losses of this process's shares of a batch of random chunks.
    ///
    /// - Parameters:
    ///   - quantizing: Quantizes latents, or passes them on as they are.
    ///   - computeDType: Number format of matrix products; nil for single precision.
    ///   - random: Generator that samples the chunks.
    /// - Returns: Functions, as of ``TrainingTask/losses(at:computeDType:)``.
    func losses(quantizing: Bool, computeDType: DType?, _ random: inout SeededRandom) -> [() throws ->
        TrainingLoss]
}

extension TokenizerTask {
    var drawsWholeBatches: Bool { true }

    var parameters: [NamedTensor] { network.parameters }

    var state: [NamedTensor] { network.tensors }

    /// The step from which on latents are quantized.
    private var firstQuantized: Int {
        startsFromModel ? 0 : min(recipe.quantizeAfter, recipe.optimization.steps / 4)
    }

    /// The step from which on held-out chunks are measured.
    ///
    /// Once latents are quantized, errors rise for some hundred steps, until codebooks follow the encoder. A low error before
    /// would end the training.
    private var firstMeasured: Int {
        hasCodebooks ? 0 : firstQuantized + min(Self.settlingSteps, recipe.optimization.steps / 4)
    }

    private static var settlingSteps: Int { 500 }

    var evaluations: [PeriodicEvaluation] {
        guard hasHeldOut else { return [] }
        return [
            PeriodicEvaluation(every: recipe.validation.every) { step in
                step < firstMeasured ? [:] : [Self.heldOutMetric: withoutGradients { heldOutL1() }]
            }
        ]
    }

    var earlyStopping: EarlyStopping? {
        hasHeldOut
            ? EarlyStopping(metric: Self.heldOutMetric, patience: recipe.validation.patience) : nil
    }

    private static var heldOutMetric: String { "validation_l1" }

    func losses(at step: Int, computeDType: DType?) -> [() throws -> TrainingLoss] {
        let first = firstQuantized
        if step == first && !hasCodebooks {
            initializeCodebooks()
            ProcessGroup.broadcast(network.tensors.map(\.tensor))
        }
        var random = SeededRandom(seed: seed, 1, UInt64(step))
        return losses(quantizing: step >= first, computeDType: computeDType, &random)
    }
}
