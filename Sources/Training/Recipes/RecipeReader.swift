public import Foundation
internal import Support

/// Reads recipes: YAML on top of defaults, single values on top of that.
///
/// Absent keys keep their defaults. Unknown keys and values of another kind are errors, so a typing mistake
/// never trains something else than was asked for. A default that is an empty group of keys admits any key.
public enum RecipeReader {
    /// The recipe that `file` and `settings` describe.
    ///
    /// - Parameters:
    ///   - defaults: What holds where nothing is said.
    ///   - file: A YAML file, or nil.
    ///   - settings: `key=value` texts; dots reach into groups (`optimizer.learningRate=3e-4`).
    /// - Returns: The defaults with everything replaced that was given.
    /// - Throws: ``RecipeError`` that names the file or setting, the key, what was expected and what was found.
    public static func recipe<Recipe: CheckedRecipe>(
        _ defaults: Recipe,
        file: URL? = nil,
        settings: [String] = []
    ) throws(RecipeError) -> Recipe {
        guard let base = try? JSONEncoder().encode(defaults),
            let known = try? JSONDecoder().decode(RecipeValue.self, from: base).tellingReals(of: defaults)
        else { throw RecipeError(source: "recipe", reason: "the defaults cannot be encoded") }
        var (value, recipe) = (known, defaults)
        if let file {
            guard let text = try? String(contentsOf: file, encoding: .utf8) else {
                throw RecipeError(source: file.path, reason: "no such file, or it cannot be read")
            }
            guard let given = RecipeValue(yaml: text) else {
                throw RecipeError(source: file.path, reason: "is not YAML")
            }
            if given != .null { try merge(given, over: &value, of: known, path: "", source: file.path) }
            recipe = try decoded(value, knowing: known, source: file.path)
        }
        for setting in settings {
            let halves = setting.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, let leaf = RecipeValue(yaml: real(String(halves[1]))) else {
                throw RecipeError(source: "--set \(setting)", reason: "expected key=value")
            }
            let nested = halves[0].split(separator: ".").reversed().reduce(leaf) { .map([String($1): $0]) }
            try merge(nested, over: &value, of: known, path: "", source: "--set \(setting)")
            recipe = try decoded(value, knowing: known, source: "--set \(setting)")
        }
        try recipe.check()
        return recipe
    }

    /// The recipe that `value` describes, of whose defaults `known` tells the kinds; what is wrong came from `source`.
    private static func decoded<Recipe: CheckedRecipe>(
        _ value: RecipeValue,
        knowing known: RecipeValue,
        source: String
    ) throws(RecipeError) -> Recipe {
        do {
            return try JSONDecoder().decode(Recipe.self, from: JSONEncoder().encode(value))
        } catch {
            throw RecipeError(source: source, reason: RecipeMisfit(error, in: value, knowing: known).reason)
        }
    }

    /// YAML 1.1 reads `1e-4` as text; people mean a number.
    private static func real(_ text: String) -> String {
        text.contains("e") && Int(text) == nil ? Double(text).map { "\($0)" }.map(withFraction) ?? text : text
    }

    private static func withFraction(_ text: String) -> String {
        text.contains(".") ? text : text.replacingOccurrences(of: "e", with: ".0e")
    }

    /// Puts `given` in place of what `value` has there; `defaults` are the value before anything was given.
    private static func merge(
        _ given: RecipeValue,
        over value: inout RecipeValue,
        of defaults: RecipeValue,
        path: String,
        source: String
    ) throws(RecipeError) {
        if case .map(let entries) = given, case .map(var known) = value {
            let usual: [String: RecipeValue] = if case .map(let usual) = defaults { usual } else { [:] }
            for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
                let place = path.isEmpty ? key : "\(path).\(key)"
                if var inner = known[key] {
                    try merge(entry, over: &inner, of: usual[key] ?? inner, path: place, source: source)
                    known[key] = inner
                } else if usual.isEmpty {
                    known[key] = entry
                } else {
                    let meant =
                        key.nearest(in: known.keys.sorted()).map { "; did you mean '\($0)'?" } ?? ""
                    throw RecipeError(
                        source: source,
                        reason:
                            "unknown key '\(place)'\(meant) Known: \(known.keys.sorted().joined(separator: ", "))"
                    )
                }
            }
            value = .map(known)
            return
        }
        var given = given
        if case .text(let text) = given, let number = Double(text), case .real = value {
            given = .real(number)
        }
        if case .text(let text) = given, let number = Double(text), case .integer = value {
            given = .real(number)
        }
        guard value.accepts(given) else {
            let found = if case .real = given { given.example } else { given.kind }
            throw RecipeError(
                source: source,
                reason: "'\(path)' should be \(value.kind), for example \(value.example), found \(found)"
            )
        }
        value = value.holding(given)
    }
}

extension RecipeValue {
    /// The value as a person would write it.
    var example: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        case .text(let value): value
        case .list(let values): "[" + values.map(\.example).joined(separator: ", ") + "]"
        case .map(let entries): "{" + entries.keys.sorted().joined(separator: ", ") + "}"
        }
    }
}
