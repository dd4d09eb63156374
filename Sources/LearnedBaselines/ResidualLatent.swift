public import Torch
public import VectorQuantization

/// A network with one latent vector a chunk, which a residual quantizer makes into codes, coarse to fine.
public protocol ResidualLatent: ChunkAutoencoder {
    /// Codebooks.
    var quantizer: ResidualQuantizer { get }

    /// Latents of normalised chunks: `[B, T, D]` to `[B, C]`.
    func latents(_ actions: Tensor) -> Tensor

    /// Normalised chunks of latents: `[B, C]` to `[B, T, D]`.
    func actions(_ latents: Tensor) -> Tensor
}

extension ResidualLatent {
    /// One code a codebook.
    public var tokenCounts: ClosedRange<Int> {
        quantizer.configuration.codebookCount ... quantizer.configuration.codebookCount
    }

    /// The size of every codebook.
    public var codebookSizes: [Int] {
        Array(repeating: quantizer.configuration.codebookSize, count: quantizer.configuration.codebookCount)
    }

    /// Codes of normalised chunks: `[B, T, D]` to int64 `[B, codebooks]`.
    public func codes(for actions: Tensor) -> Tensor { quantizer.codes(for: latents(actions)) }

    /// Normalised chunks of codes: int64 `[B, codebooks]` to `[B, T, D]`.
    public func actions(for codes: Tensor) -> Tensor { actions(quantizer.vectors(for: codes)) }

    /// Normalised chunks as training sees them come back, and the distance of latents to their entries.
    public func reconstruction(of actions: Tensor, quantizing: Bool) -> (actions: Tensor, commitment: Tensor)
    {
        let latents = latents(actions)
        guard quantizing else { return (self.actions(latents), .zeros([], device: actions.device)) }
        let weights = Tensor.ones([actions.size(0)], device: actions.device)
        let (quantized, commitment) = quantizer.train(latents, weights: weights)
        return (self.actions(quantized), commitment)
    }

    /// Gives the codebooks their first entries from normalised chunks, `[B, T, D]`.
    public func initializeCodebooks(from actions: Tensor) {
        quantizer.initialize(from: withoutGradients { latents(actions) })
    }
}
