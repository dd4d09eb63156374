public import RobotTypes

/// Actions of a dataset, as far as tokenizers are fitted or adapted to them.
public struct RobotActions: Sendable {
    /// Meaning of the action columns.
    public let actionSpace: ActionSpace

    /// Quantile normalization of the actions.
    public let normalization: Normalization

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
        self.actionSpace = actionSpace
        self.normalization = normalization
        makeChunks = chunks
    }

    /// All chunks of `horizon` control steps, normalised.
    ///
    /// - Throws: The errors of the dataset.
    public func normalizedChunks(horizon: Int) throws -> ActionChunks {
        var chunks = try makeChunks(horizon)
        chunks.values = normalization.normalized(chunks.values)
        return chunks
    }
}
