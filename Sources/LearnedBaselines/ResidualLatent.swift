public import ActionTokenizers
public import Torch
public import VectorQuantization

/// An autoencoder with one latent vector a chunk, which a residual quantizer encodes coarse to fine.
public protocol ResidualLatent: ChunkAutoencoder {
    /// The quantizer of the latent vector.
    var quantizer: ResidualQuantizer { get }

    /// Latents of normalised chunks: `[B, T, D]` to `[B, C]`.
    func latents(_ actions: Tensor) -> Tensor

    /// Normalised chunks of latents: `[B, C]` to `[B, T, D]`.
    func actions(_ latents: Tensor) -> Tensor
}

extension ResidualLatent {
    /// One code a codebook.
    public var layout: TokenLayout {
        let (size, count) = (quantizer.configuration.codebookSize, quantizer.configuration.codebookCount)
        return .grid(codebookSizes: Array(repeating: size, count: count), latentPositionCount: 1)
    }

    /// Codes of normalised chunks: `[B, T, D]` to int64 `[B, codebooks]`.
    public func codes(for actions: Tensor) -> Tensor { quantizer.codes(for: latents(actions)) }

    /// Normalised chunks of codes: int64 `[B, codebooks]` to `[B, T, D]`.
    public func actions(for codes: Tensor) -> Tensor { actions(quantizer.vectors(for: codes)) }

    /// Forward pass in training, with the commitment loss of the quantizer.
    public func reconstruction(of actions: Tensor, quantizing: Bool, share: RowShare?) -> (
        actions: Tensor, commitment: Tensor
    ) {
        let latents = latents(actions)
        guard quantizing else { return (self.actions(latents), .zeros([], device: actions.device)) }
        let weights = Tensor.ones([share?.count ?? actions.size(0)], device: actions.device)
        let (quantized, commitment) = quantizer.train(latents, weights: weights, share: share)
        return (self.actions(quantized), commitment)
    }

    /// Initialises the codebooks from the latents of normalised chunks, `[B, T, D]`.
    public func initializeCodebooks(from actions: Tensor) {
        quantizer.initialize(from: withoutGradients { latents(actions) })
    }
}
