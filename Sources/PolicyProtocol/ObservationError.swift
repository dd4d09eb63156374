/// A message that is not an observation of a policy's contract.
public enum ObservationError: Error, Equatable, CustomStringConvertible {
    /// The message is no map.
    case notAMap(found: String)
    /// A key is missing.
    case missing(key: String, expected: String, present: [String])
    /// A value of the wrong kind, number type or shape, with a hint at what converts it, empty where there is none.
    case mismatch(key: String, expected: String, found: String, hint: String = "")
    /// A NaN or an infinity at `index`.
    case notFinite(key: String, index: [Int], value: Float)
    /// A floating-point pixel far outside 0 ... 1.
    case pixelOutOfRange(key: String, index: [Int], value: Float)

    /// The error in a sentence that names the key.
    public var description: String {
        switch self {
        case .notAMap(let found): "observation: expected a map of named values, found \(found)"
        case .missing(let key, let expected, let present):
            "observation: key '\(key)' is missing; expected \(expected); "
                + (present.isEmpty ? "the message is empty" : "keys present: \(Self.list(present))")
        case .mismatch(let key, let expected, let found, let hint):
            "\(key): expected \(expected), found \(found)" + (hint.isEmpty ? "" : "; \(hint)")
        case .notFinite(let key, let index, let value):
            "\(key): element \(index) is \(value); the policy was not run"
        case .pixelOutOfRange(let key, let index, let value):
            "\(key): element \(index) is \(value); floating-point images must lie in 0 ... 1, or send uint8"
        }
    }

    /// The first names, so that an odd message makes no endless error.
    static func list(_ keys: [String]) -> String {
        let listed = keys.prefix(20).joined(separator: ", ")
        return keys.count > 20 ? "\(listed) and \(keys.count - 20) more" : listed
    }
}
