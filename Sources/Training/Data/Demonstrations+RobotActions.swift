internal import RobotTypes
public import TokenizerRegistry

extension Demonstrations {
    /// The actions that tokenizers are fitted or adapted to.
    ///
    /// - Parameter episodes: Episodes to use; nil for all.
    /// - Returns: Action space, normalization and chunks of the episodes.
    public func robotActions(episodes: [Int]?) -> RobotActions {
        RobotActions(
            actionSpace: actionSpace,
            normalization: actionNormalization(.quantiles, episodes: episodes)
        ) { horizon in
            try chunks(horizon: horizon, episodes: episodes)
        }
    }
}
