/// Encoder and decoder of single chunks, used instead of the model's: ``ChunkCodec`` of the linear encoder.
///
/// `CPUInference` has one on hand-written kernels; who opens or fits a tokenizer chooses it.
public protocol LinearChunkCodec: Sendable {
    /// Prepares `model`; nil where it cannot do better than the model.
    ///
    /// The weights must not change afterwards.
    init?(_ model: LinearFASTerVQ)

    /// Codes of one chunk.
    ///
    /// - Parameter chunk: Normalised actions, `[T · D]`.
    /// - Returns: `[codebooks · N]`: along the latent positions, then the codebooks.
    func codes(for chunk: [Float]) -> [Int]

    /// Normalised actions, `[T · D]`, of the codes of all codebooks or of the first ones; not clipped.
    func actions(for codes: [Int]) -> [Float]
}
