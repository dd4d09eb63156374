public import Support

/// Validation of a tokenizer's training on held-out episodes, and early stopping; the keys under `validation` of a recipe.
public struct ValidationRecipe: Codable, Equatable, Sendable, Validatable {
    /// Interval between held-out episodes among the selected ones of a dataset; 0 holds out none.
    public var everyNthEpisode = 10

    /// Number of held-out chunks, evenly spaced, that the error is measured on.
    public var chunks = 1024

    /// Steps from one measurement to the next.
    public var every = 100

    /// Number of measurements in a row without a lower error after which the training ends; 0 for no early end.
    public var patience = 10

    /// Checks every value.
    ///
    /// - Throws: `InvalidValue`.
    public func validate() throws(InvalidValue) {
        try Validation.require(["everyNthEpisode": everyNthEpisode, "patience": patience], atLeast: 0)
        try Validation.require(everyNthEpisode != 1, "everyNthEpisode", "0, or at least 2", found: 1)
        try Validation.require(["chunks": chunks, "every": every], atLeast: 1)
    }
}
