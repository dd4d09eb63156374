/// A value of openpi's protocol: MessagePack with msgpack-numpy's arrays.
public enum WireValue: Equatable, Sendable {
    /// Nothing; Python's `None`.
    case null
    /// True or false.
    case boolean(Bool)
    /// A whole number. Numbers above `Int64.max` arrive as ``double(_:)``.
    case integer(Int64)
    /// A floating-point number.
    case double(Double)
    /// Text.
    case string(String)
    /// Bytes without further meaning.
    case binary([UInt8])
    /// Values in order; Python's list or tuple.
    case list([WireValue])
    /// Values by name.
    case map(WireMap)
    /// A NumPy array of numbers.
    case array(NDArray)
    /// A NumPy array of text with axes (dtype `U` or `S`); one without axes arrives as ``string(_:)``.
    case texts([String], shape: [Int])
    /// A value that the protocol does not know, with the reason. It fails only a reader that needs it.
    case unreadable(WireError)

    /// The map, or nothing when this is another kind of value.
    public var map: WireMap? {
        guard case .map(let map) = self else { return nil }
        return map
    }

    /// The array, or nothing when this is another kind of value.
    public var array: NDArray? {
        guard case .array(let array) = self else { return nil }
        return array
    }

    /// The text, or nothing when this is another kind of value.
    ///
    /// A NumPy array of one text counts as text, as for openpi.
    public var string: String? {
        switch self {
        case .string(let text): text
        case .texts(let texts, _) where texts.count == 1: texts[0]
        default: nil
        }
    }

    /// The number, whole or not, or nothing when this is another kind of value.
    ///
    /// A NumPy array without axes counts as its number.
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        case .array(let array) where array.shape.isEmpty: array.doubles()[0]
        default: nil
        }
    }

    /// The kind of value in words, for error messages: `text`, `an array of float32 [7]`.
    public var kind: String {
        switch self {
        case .null: "nothing (None)"
        case .boolean: "a boolean"
        case .integer: "a whole number"
        case .double: "a number"
        case .string: "text"
        case .binary: "bytes"
        case .list(let values): "a list of \(values.count)"
        case .map: "a map"
        case .array(let array): "an array of \(array.elementType.name) \(array.shape)"
        case .texts(_, let shape): "an array of text \(shape)"
        case .unreadable(let error): "a value that cannot be read (\(error.explanation))"
        }
    }
}

/// Values by name, in the order of the message.
public struct WireMap: Equatable, Sendable, ExpressibleByDictionaryLiteral {
    /// Names and values, in order.
    public private(set) var entries: [(key: String, value: WireValue)]

    /// An empty map.
    public init() { entries = [] }

    /// A map of the pairs, in their order; of two pairs with one name the later wins.
    public init(dictionaryLiteral elements: (String, WireValue)...) {
        self.init()
        for (key, value) in elements { self[key] = value }
    }

    /// A map of pairs whose names may repeat; reading takes the later one, as Python's dictionaries do.
    init(entries: [(key: String, value: WireValue)]) { self.entries = entries }

    /// The names, in order.
    public var keys: [String] { entries.map(\.key) }

    /// The value under `key`; assigning replaces in place, appends, or (nothing) removes.
    public subscript(key: String) -> WireValue? {
        get { entries.last { $0.key == key }?.value }
        set {
            guard let newValue else { return entries.removeAll { $0.key == key } }
            if let index = entries.lastIndex(where: { $0.key == key }) {
                entries[index].value = newValue
            } else {
                entries.append((key, newValue))
            }
        }
    }

    /// Returns true if names, values and their order agree.
    public static func == (left: WireMap, right: WireMap) -> Bool {
        left.entries.elementsEqual(right.entries) { $0.key == $1.key && $0.value == $1.value }
    }
}
