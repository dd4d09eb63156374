internal import ActionTokenizers
internal import RobotTypes

/// Errors of a trained tokenizer on chunks of episodes that it was trained on, and of held-out ones.
public struct TokenizerValidation: Equatable, Sendable {
    /// Ratio of the held-out error to the training error above which a tokenizer overfits.
    private static let overfittingRatio = 2.0

    /// Held-out error below which a tokenizer does not overfit, whatever its training error: half a percent of the range.
    private static let negligibleL1 = 0.01

    /// Mean absolute error of chunks that it was trained on, normalised.
    public let trainingL1: Double

    /// Mean absolute error of chunks of held-out episodes, normalised.
    public let heldOutL1: Double

    /// Wraps errors.
    public init(trainingL1: Double, heldOutL1: Double) {
        (self.trainingL1, self.heldOutL1) = (trainingL1, heldOutL1)
    }

    /// Measures a tokenizer of each of `sources`, as a mean over those with held-out chunks; nil where there are none.
    ///
    /// - Throws: The errors of `tokenizer`.
    init?(_ sources: [TokenizerSource], tokenizer: (TokenizerSource) throws -> any ActionTokenizer) throws {
        let validated = sources.filter { $0.heldOut != nil }
        guard !validated.isEmpty else { return nil }
        var (training, heldOut) = (0.0, 0.0)
        for source in validated {
            guard let others = source.heldOut else { continue }
            let tokenizer = try tokenizer(source)
            func l1(_ chunks: ActionChunks) throws -> Double {
                ReconstructionErrors(chunks, try tokenizer.chunks(for: tokenizer.tokens(for: chunks))).l1
            }
            training += try l1(source.chunks.spaced(others.count)) / Double(validated.count)
            heldOut += try l1(others) / Double(validated.count)
        }
        self.init(trainingL1: training, heldOutL1: heldOut)
    }

    /// True if the error of held-out chunks is far above that of chunks that were trained on.
    public var overfits: Bool {
        heldOutL1 > max(Self.negligibleL1, Self.overfittingRatio * trainingL1)
    }
}

extension ActionChunks {
    /// `count` evenly spaced chunks; all, if there are no more.
    func spaced(_ count: Int) -> ActionChunks {
        guard count < self.count else { return self }
        let picks = (0 ..< count).map { $0 * self.count / count }
        return ActionChunks(
            count: count,
            horizon: horizon,
            dimension: dimension,
            paddedValues: picks.flatMap { self[$0].values },
            validSteps: picks.map { validSteps[$0] }
        )
    }
}
