/// A value that a recipe cannot hold, though it is of the right kind, such as a list with a wrong element, in words.
struct RecipeMisfit {
    /// Where it stands, what was expected and what was found.
    let reason: String

    /// Puts into words why `value` was not understood.
    ///
    /// - Parameters:
    ///   - error: What a decoder or encoder threw.
    ///   - value: What was to become a recipe.
    ///   - known: The defaults, which tell what was expected.
    init(_ error: any Error, in value: RecipeValue, knowing known: RecipeValue) {
        guard let place = Self.place(of: error) else {
            reason = "cannot be understood: \(error)"
            return
        }
        guard !place.keys.isEmpty else {
            // JSONDecoder does not say where a number is that does not fit.
            reason = "holds a number that does not fit: expected \(place.expected)"
            return
        }
        let expected = known.value(at: place.keys).map { "\($0.kind), for example \($0.example)" }
        let found = value.value(at: place.keys).map(\.example) ?? "nothing"
        reason = "'\(Self.path(place.keys))' should be \(expected ?? place.expected), found \(found)"
    }

    /// The keys to the value at fault, and what is expected there as far as the error tells.
    private static func place(of error: any Error) -> (keys: [any CodingKey], expected: String)? {
        if let error = error as? EncodingError, case .invalidValue(_, let context) = error {
            return (keys: context.codingPath, expected: "a finite number")
        }
        guard let error = error as? DecodingError else { return nil }
        switch error {
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return (keys: context.codingPath, expected: kind(of: type))
        case .dataCorrupted(let context): return (keys: context.codingPath, expected: "a whole number")
        default: return nil
        }
    }

    private static func kind(of type: any Any.Type) -> String {
        if type == Int.self { return "a whole number" }
        if type == Double.self { return "a number" }
        if type == Bool.self { return "true or false" }
        return type == String.self ? "text" : "a list or a group of keys"
    }

    /// `places.position`, `moreHorizons[1]`.
    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce("") { path, key in
            if let index = key.intValue { return "\(path)[\(index)]" }
            return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
        }
    }
}

extension RecipeValue {
    /// What stands where `keys` lead; nil where nothing does.
    fileprivate func value(at keys: [any CodingKey]) -> RecipeValue? {
        var value = self
        for key in keys {
            switch value {
            case .map(let entries):
                guard let inner = entries[key.stringValue] else { return nil }
                value = inner
            case .list(let values):
                guard let index = key.intValue, values.indices.contains(index) else { return nil }
                value = values[index]
            default: return nil
            }
        }
        return value
    }
}
