public import Support

/// The duration of a chunk; the keys under `chunk` of a recipe.
public struct ChunkRecipe: Codable, Equatable, Sendable, Validatable {
    /// Seconds that a chunk lasts in every dataset, whatever its rate; 0 counts steps of the dataset.
    public var seconds = 0.0

    /// The default: steps.
    public init() {}

    /// Checks the duration.
    ///
    /// - Throws: `InvalidValue`.
    public func validate() throws(InvalidValue) {
        try Validation.require(["seconds": seconds], in: 0 ... 3600)
    }

    /// `demonstrations` with chunks of this duration in `horizon` steps.
    public func applied(to demonstrations: Demonstrations, horizon: Int) -> Demonstrations {
        seconds > 0 ? demonstrations.spanning(seconds: seconds, in: horizon) : demonstrations
    }
}
