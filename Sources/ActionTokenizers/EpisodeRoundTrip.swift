internal import RobotTypes

extension ActionTokenizer {
    /// An episode's actions as the tokenizer gives them back, chunk after chunk.
    ///
    /// - Parameter actions: One row of actions in the robot's units a control step.
    /// - Returns: As many rows.
    /// - Throws: ``ActionTokenizerError`` that names the step with too many or too few columns, and the tokenizer's
    ///   errors.
    public func roundTrip(episode actions: [[Float]]) throws -> [[Float]] {
        if let step = actions.firstIndex(where: { $0.count != dimension }) {
            throw ActionTokenizerError(
                "step \(step): expected \(dimension) columns, found \(actions[step].count)"
            )
        }
        let count = (actions.count + horizon - 1) / horizon
        // The last chunk reaches beyond the end.
        let padding = (count * horizon - actions.count) * dimension
        let chunks = ActionChunks(
            count: count,
            horizon: horizon,
            dimension: dimension,
            values: actions.flatMap(\.self) + Array(repeating: 0, count: padding),
            validSteps: (0 ..< count).map { min(horizon, actions.count - $0 * horizon) }
        )
        // A value that the tokenizer cannot represent is a part of what is measured.
        let values = try robotUnits(for: tokens(for: normalized(chunks))).values
        return actions.indices.map { Array(values[$0 * dimension ..< ($0 + 1) * dimension]) }
    }
}
