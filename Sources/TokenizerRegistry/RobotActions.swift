public import RobotTypes

/// Actions of a dataset, as far as tokenizers are fitted or adapted to them.
public struct RobotActions: Sendable {
    /// Meaning of the action columns.
    public let actionSpace: ActionSpace

    /// Map of recorded actions to those of the chunks; nil where they are the same.
    public let transform: ActionTransform?

    private let makeNormalization: @Sendable (Int) throws -> Normalization
    private let makeChunks: @Sendable (Int) throws -> ActionChunks

    /// Describes the actions of a dataset.
    ///
    /// - Parameters:
    ///   - actionSpace: Meaning of the action columns.
    ///   - normalization: Quantile normalization of the actions.
    ///   - chunks: Makes all chunks of a number of control steps, in the robot's units.
    public init(
        actionSpace: ActionSpace,
        normalization: Normalization,
        chunks: @escaping @Sendable (_ horizon: Int) throws -> ActionChunks
    ) {
        self.init(
            actionSpace: actionSpace,
            transform: normalization.transform,
            normalization: { _ in normalization },
            chunks: chunks
        )
    }

    /// Describes the actions of a dataset whose statistics depend on the number of control steps.
    ///
    /// - Parameters:
    ///   - actionSpace: Meaning of the action columns.
    ///   - transform: Map of recorded actions to those of the chunks; nil where they are the same.
    ///   - normalization: Makes the quantile normalization of chunks of a number of control steps.
    ///   - chunks: Makes all chunks of a number of control steps, in the robot's units, transformed.
    public init(
        actionSpace: ActionSpace,
        transform: ActionTransform?,
        normalization: @escaping @Sendable (_ horizon: Int) throws -> Normalization,
        chunks: @escaping @Sendable (_ horizon: Int) throws -> ActionChunks
    ) {
        self.actionSpace = actionSpace
        self.transform = transform
        makeNormalization = normalization
        makeChunks = chunks
    }

    /// Quantile normalization of chunks of `horizon` control steps.
    ///
    /// - Throws: The errors of the dataset.
    public func normalization(horizon: Int) throws -> Normalization { try makeNormalization(horizon) }

    /// All chunks of `horizon` control steps, in the robot's units, transformed.
    ///
    /// - Throws: The errors of the dataset.
    public func chunks(horizon: Int) throws -> ActionChunks { try makeChunks(horizon) }

    /// All chunks of `horizon` control steps, normalised.
    ///
    /// - Throws: The errors of the dataset.
    public func normalizedChunks(horizon: Int) throws -> ActionChunks {
        var chunks = try chunks(horizon: horizon)
        chunks.values = try normalization(horizon: horizon).normalized(chunks.values)
        return chunks
    }
}
