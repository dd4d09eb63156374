internal import NN
internal import Support
internal import Torch

/// A tokenizer's network and the data that it learns from, as the loop that trains every kind of tokenizer sees them.
protocol TrainableTokenizer {
    /// What is trained.
    associatedtype Network: Module

    /// What is trained.
    var network: Network { get }

    /// Whether the codebooks have entries already, so that nothing waits for them.
    var hasCodebooks: Bool { get }

    /// Gives the codebooks their first entries.
    func initializeCodebooks()

    /// The loss of random chunks.
    ///
    /// - Parameters:
    ///   - quantizing: Whether latents are quantized.
    ///   - precision: What large products multiply in; nil for single precision.
    ///   - draw: Says which chunks; a pure function of seed and step.
    /// - Returns: What is minimised, and scalars to measure by name.
    func loss(quantizing: Bool, precision: DType?, _ draw: inout SeededRandom) -> (
        total: Tensor, parts: [String: Tensor]
    )
}
