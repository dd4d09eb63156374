internal import Yams

/// A piece of a recipe: what YAML and JSON have in common.
enum RecipeValue: Codable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case list([RecipeValue])
    case map([String: RecipeValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .real(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([RecipeValue].self) {
            self = .list(value)
        } else {
            self = .map(try container.decode([String: RecipeValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .real(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .map(let value): try container.encode(value)
        }
    }

    /// Reads YAML text; nil where it is not YAML.
    init?(yaml: String) {
        guard let loaded = try? Yams.load(yaml: yaml) else { return nil }
        self.init(loaded: loaded)
    }

    private init?(loaded: Any?) {
        switch loaded {
        case nil: self = .null
        case let value as Bool: self = .boolean(value)
        case let value as Int: self = .integer(value)
        case let value as Double: self = .real(value)
        case let value as String: self = .text(value)
        case let value as [Any]: self = .list(value.compactMap { RecipeValue(loaded: $0) })
        case let value as [AnyHashable: Any]:
            var map: [String: RecipeValue] = [:]
            for (key, entry) in value { map["\(key)"] = RecipeValue(loaded: entry) }
            self = .map(map)
        default: return nil
        }
    }

    /// The kind of value in words.
    var kind: String {
        switch self {
        case .null: "nothing"
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .real: "a number"
        case .text: "text"
        case .list: "a list"
        case .map: "a group of keys"
        }
    }

    /// Whether `other` may stand where this default stands.
    func accepts(_ other: RecipeValue) -> Bool {
        switch (self, other) {
        case (.boolean, .boolean), (.integer, .integer), (.text, .text), (.list, .list), (.map, .map): true
        case (.real, .integer), (.real, .real): true
        case (.integer, .real(let number)): number == number.rounded()
        default: false
        }
    }

    /// `other`, which may stand where this default stands, as a number of the same kind where it is one.
    func holding(_ other: RecipeValue) -> RecipeValue {
        switch (self, other) {
        case (.real, .integer(let number)): .real(Double(number))
        case (.integer, .real(let number)): Int(exactly: number).map { .integer($0) } ?? other
        default: other
        }
    }

    /// The same with real numbers told as such, by `value`, which this was encoded from: JSON writes 2.0 like 2.
    ///
    /// A number that cannot be told counts as real, which admits both.
    func tellingReals(of value: Any) -> RecipeValue {
        switch self {
        case .integer(let number) where !(value is any BinaryInteger): return .real(Double(number))
        case .map(let entries):
            let children = Mirror(reflecting: value).children
            return .map(
                Dictionary(
                    uniqueKeysWithValues: entries.map { key, entry in
                        let child = children.first { $0.label == key }
                        return (key, entry.tellingReals(of: child?.value ?? entry))
                    }
                )
            )
        default: return self
        }
    }
}
