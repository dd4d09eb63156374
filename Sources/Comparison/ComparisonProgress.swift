/// Progress of comparisons: the piece of work that begins or goes on, and how many are done.
public struct ComparisonProgress: Equatable, Sendable {
    /// A piece of work on one tokenizer.
    public enum Work: Equatable, Sendable {
        /// Opening folders.
        case opening
        /// Fitting to the dataset's other episodes.
        case fitting
        /// The same, where codebooks are fitted one by one.
        case fittingCodebook(done: Int, of: Int)
        /// Encoding and decoding all chunks.
        case measuring
    }

    /// Name of the dataset.
    public let dataset: String

    /// Name of the tokenizer, with its settings.
    public let tokenizer: String

    /// The piece of work.
    public let work: Work

    /// Pieces of work that are done, of all datasets.
    public let done: Int

    /// All pieces: a tokenizer is opened or fitted, and measured once for every seed.
    public let total: Int
}
