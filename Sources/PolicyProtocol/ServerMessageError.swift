/// A message of a server that a client cannot use.
public struct ServerMessageError: Error, Equatable, CustomStringConvertible {
    /// The message: `metadata` or `reply`.
    public let message: String

    /// Keys from the outermost map to the value, joined by `.`; empty for the message itself.
    public let path: String

    /// The accepted values.
    public let expected: String

    /// The received value.
    public let found: String

    /// The error in a sentence that names the key.
    public var description: String {
        "\(message): \(path.isEmpty ? "" : "\(path): ")expected \(expected), found \(found)"
    }
}

/// A map of a server's message, with the names that errors need.
struct ServerMessageReader {
    let message: String
    let path: String
    let map: WireMap

    init(_ value: WireValue, _ message: String, path: String = "") throws(ServerMessageError) {
        guard let map = value.map else {
            throw ServerMessageError(
                message: message,
                path: path,
                expected: "a map of named values",
                found: value.kind
            )
        }
        (self.message, self.path, self.map) = (message, path, map)
    }

    func error(_ key: String, _ expected: String, found: String) -> ServerMessageError {
        ServerMessageError(message: message, path: join(key), expected: expected, found: found)
    }

    /// The value under `key` as `read` converts it; nil from `read` is an error.
    func value<Value>(
        _ key: String,
        _ expected: String,
        _ read: (WireValue) -> Value?
    ) throws(ServerMessageError) -> Value {
        guard let value = map[key] else { throw error(key, expected, found: "nothing under this key") }
        guard let result = read(value) else { throw error(key, expected, found: value.kind) }
        return result
    }

    func count(_ key: String) throws(ServerMessageError) -> Int {
        try value(key, "a whole number, not negative") { $0.count }
    }

    func text(_ key: String) throws(ServerMessageError) -> String { try value(key, "text", \.string) }

    func list(_ key: String) throws(ServerMessageError) -> [WireValue] {
        try value(key, "a list") { value in
            guard case .list(let values) = value else { return nil }
            return values
        }
    }

    /// The map under `key`.
    func reader(_ key: String) throws(ServerMessageError) -> ServerMessageReader {
        try ServerMessageReader(try value(key, "a map of named values") { $0 }, message, path: join(key))
    }

    /// The duration of so many milliseconds under `key`.
    func duration(_ key: String) throws(ServerMessageError) -> Duration {
        try value(key, "a number of milliseconds, not negative") { $0.duration }
    }

    private func join(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

extension WireValue {
    /// The whole number from 0 on that this is.
    var count: Int? {
        guard case .integer(let value) = self, value >= 0 else { return nil }
        return Int(exactly: value)
    }

    /// The duration of so many milliseconds.
    var duration: Duration? {
        guard let number, (0 ... 1e12).contains(number) else { return nil }
        return .milliseconds(number)
    }
}
