public import TokenizerRegistry

extension Demonstrations {
    /// The actions that tokenizers are fitted or adapted to.
    ///
    /// - Parameter episodes: Episodes to use; nil for all.
    /// - Returns: Action space, normalization and chunks of the episodes.
    /// - Throws: The errors of the dataset, where an action is missing or not finite.
    public func robotActions(episodes: [Int]?) throws -> RobotActions {
        try RobotDemonstrations.gathered([(robot: nil, demonstrations: self, episodes: episodes)])[0]
            .robotActions()
    }
}
