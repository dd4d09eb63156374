internal import Torch

/// A recipe that knows which numbers make no training.
public protocol CheckedRecipe: Codable {
    /// Makes sure that a training with these numbers can begin.
    ///
    /// - Throws: ``RecipeError`` that names the key, what was expected and what was found.
    func check() throws(RecipeError)
}

/// Rules that recipes have in common.
enum RecipeNumbers {
    /// Refuses a recipe for `reason` unless it `holds`.
    static func require(_ holds: Bool, _ reason: @autoclosure () -> String) throws(RecipeError) {
        if !holds { throw RecipeError(source: "recipe", reason: reason()) }
    }

    static func atLeast(_ smallest: Int, _ numbers: KeyValuePairs<String, Int>) throws(RecipeError) {
        for (key, number) in numbers {
            try require(number >= smallest, "'\(key)' should be at least \(smallest), found \(number)")
        }
    }

    /// Finite numbers from 0 on.
    static func notNegative(_ numbers: KeyValuePairs<String, Double>) throws(RecipeError) {
        for (key, number) in numbers {
            try require(number >= 0 && number.isFinite, "'\(key)' should be from 0 on, found \(number)")
        }
    }

    /// How steps are made, whatever is trained: the longest gradient, and the format that products are made in.
    static func steps(gradientClip: Double, precision: String) throws(RecipeError) {
        try require(gradientClip > 0, "'gradientClip' should be above 0, found \(gradientClip)")
        _ = try MixedPrecision(precision, device: .cpu)
    }

}
