/// The tokenizers that are trained.
public enum TokenizerKind: String, CaseIterable, Sendable {
    /// FASTerVQ.
    case fasterVQ = "fastervq"

    /// VQ-BeT's autoencoder, as in MiniVLA: a perceptron over the flattened chunk.
    case vqBeT = "vq-bet"

    /// VQ-VLA's autoencoder: convolutions over the chunk as a picture.
    case vqVLA = "vq-vla"

    /// OAT's autoencoder: ordered registers, finite scalar quantization.
    case oat
}

/// What came out of a training, in numbers.
public struct TrainedTokenizer: Equatable, Sendable {
    /// Sizes of the alphabets that codes come from.
    public let codebookSizes: [Int]

    /// Number of trained numbers.
    public let parameterCount: Int
}
