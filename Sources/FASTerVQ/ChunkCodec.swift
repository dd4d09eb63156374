/// Encoder and decoder of chunks, used instead of the model's.
///
/// `CPUInference` has one on hand-written kernels; who loads a tokenizer's folder chooses it.
public protocol ChunkCodec: Sendable {
    /// Prepares `model` for the chunks of `robot`; nil where it cannot do better than the model.
    ///
    /// The weights must not change afterwards.
    init?(_ model: FASTerVQModel, _ robot: Embodiment)

    /// Codes of chunks.
    ///
    /// - Parameters:
    ///   - chunks: Normalised actions, `[T · D]` each.
    ///   - validSteps: Number of steps of each that count for the action-space stages.
    /// - Returns: `[codebooks · N]` each: along the latent positions, then the codebooks.
    func codes(for chunks: [[Float]], validSteps: [Int]) -> [[Int]]

    /// Normalised actions, `[T · D]` each, of chunks' codes of all codebooks or, of every chunk as many, of the first ones.
    func actions(for codes: [[Int]]) -> [[Float]]
}
