/// Encoder and decoder of single chunks, used instead of the model's where chunks are few.
///
/// `CPUInference` has one on hand-written kernels; who loads a tokenizer's folder chooses it.
public protocol ChunkCodec: Sendable {
    /// Prepares `model` for the chunks of `robot`; nil where it cannot do better than the model.
    ///
    /// The weights must not change afterwards.
    init?(_ model: FASTerVQModel, _ robot: Embodiment)

    /// Codes of one chunk.
    ///
    /// - Parameters:
    ///   - chunk: Normalised actions, `[T · D]`.
    ///   - validSteps: Number of steps that count for the action-space stages.
    /// - Returns: `[codebooks · N]`: along the latent positions, then the codebooks.
    func codes(for chunk: [Float], validSteps: Int) -> [Int]

    /// Normalised actions, `[T · D]`, of the codes of all codebooks or of the first ones.
    func actions(for codes: [Int]) -> [Float]
}
