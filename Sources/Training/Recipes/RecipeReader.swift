public import Foundation
public import Support
internal import Yams

/// Reads recipes: YAML on top of defaults, single settings on top of that.
///
/// Absent keys keep their defaults. Unknown keys and values of another kind are errors, so a misspelt key
/// never trains with other settings than intended. A default that is an empty group of keys admits any key.
public enum RecipeReader {
    /// The recipe that `file` and `settings` describe.
    ///
    /// - Parameters:
    ///   - defaults: Values of absent keys.
    ///   - file: A YAML file, or nil.
    ///   - settings: `key=value` texts; dots reach into groups (`optimization.optimizer.learningRate=3e-4`).
    /// - Returns: The defaults with everything replaced that was given.
    /// - Throws: ``RecipeError``, which names the file or setting, the key, what was expected and what was found.
    public static func recipe<Recipe: Codable & Validatable>(
        _ defaults: Recipe,
        file: URL? = nil,
        settings: [String] = []
    ) throws(RecipeError) -> Recipe {
        guard let defaultTree = RecipeTree(encoding: defaults) else {
            throw RecipeError(source: "recipe", reason: "the defaults cannot be encoded")
        }
        var layers: [(source: String, tree: RecipeTree)] = []
        if let file {
            guard let text = try? String(contentsOf: file, encoding: .utf8) else {
                throw RecipeError(source: file.path, reason: "no such file, or it cannot be read")
            }
            let tree: RecipeTree
            do { tree = try RecipeTree(yaml: text) } catch {
                throw RecipeError(source: file.path, reason: error.reason)
            }
            layers.append((file.path, tree))
        }
        for setting in settings {
            let halves = setting.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, let value = try? RecipeTree(yaml: String(halves[1])) else {
                throw RecipeError(source: "--set \(setting)", reason: "expected key=value")
            }
            let keys = halves[0].split(separator: ".").map(String.init)
            layers.append(("--set \(setting)", value.nested(under: keys)))
        }
        var (recipe, tree) = (defaults, defaultTree)
        for layer in layers {
            do {
                try tree.merge(layer.tree, defaults: defaultTree)
                recipe = try tree.decode(Recipe.self, defaults: defaultTree)
            } catch {
                throw RecipeError(source: layer.source, reason: error.reason)
            }
        }
        do {
            try recipe.validate()
        } catch {
            throw RecipeError(source: "recipe", reason: "\(error)")
        }
        return recipe
    }
}

/// A recipe that cannot be followed.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
    /// The file, or the `--set` that was given.
    public let source: String

    /// The key, the expectation and the value found.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "\(source): \(reason)" }

    /// The validation error `error` as one of the recipe.
    init(_ error: InvalidValue) { self.init(source: "recipe", reason: error.description) }

    init(source: String, reason: String) {
        self.source = source
        self.reason = reason
    }
}
