public import RobotTypes

extension PredictionOptions {
    /// The longest deadline, milliseconds: a day.
    private static let longestDeadline = 86_400_000.0

    /// The deadline after `milliseconds`, a positive number.
    ///
    /// Longer ones, which may not fit a duration, are cut to a day.
    public static func deadline(milliseconds: Double) -> Duration {
        .milliseconds(min(milliseconds, longestDeadline))
    }

    /// Reads the options of a request; every key may be missing.
    ///
    /// - Throws: ``PredictionOptionError`` that names the key, what was expected and what was found.
    public init(of message: WireValue) throws(PredictionOptionError) {
        self.init()
        guard let map = message.map else { return }
        if let value = map[WireKey.deadline] {
            let expected = "a positive number of milliseconds"
            guard let milliseconds = value.number else {
                throw PredictionOptionError(key: WireKey.deadline, expected: expected, found: value.kind)
            }
            guard milliseconds > 0, milliseconds.isFinite else {
                throw PredictionOptionError(
                    key: WireKey.deadline,
                    expected: expected,
                    found: "\(milliseconds)"
                )
            }
            deadline = Self.deadline(milliseconds: milliseconds)
        }
        if let value = map[WireKey.seed] {
            guard case .integer(let number) = value else {
                throw PredictionOptionError(
                    key: WireKey.seed,
                    expected: "a whole number below 2^63",
                    found: value.kind
                )
            }
            seed = UInt64(bitPattern: number)
        }
        if let value = map[WireKey.observationTime], value.number?.isFinite != true {
            throw PredictionOptionError(
                key: WireKey.observationTime,
                expected: "a number of seconds since 1970, as of time.time()",
                found: value.kind
            )
        }
        if let value = map[WireKey.committedActions] {
            committedActions = try Self.chunk(value)
        }
    }

    private static func chunk(_ value: WireValue) throws(PredictionOptionError) -> ActionChunk {
        let expected = "finite numbers, [steps, columns]"
        guard let array = value.array, array.shape.count == 2, array.count > 0 else {
            let found = value.array.map { "shape \($0.shape)" } ?? value.kind
            throw PredictionOptionError(key: WireKey.committedActions, expected: expected, found: found)
        }
        let values = array.floats()
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            let element =
                "\(values[index]) at step \(index / array.shape[1]), column \(index % array.shape[1])"
            throw PredictionOptionError(key: WireKey.committedActions, expected: expected, found: element)
        }
        return ActionChunk(horizon: array.shape[0], dimension: array.shape[1], values: values)
    }
}

/// An invalid option of a request.
///
/// The observation is valid, so the client may ask again on the same connection.
public struct PredictionOptionError: Error, Equatable, CustomStringConvertible {
    /// The key at fault.
    public let key: String

    /// The accepted values.
    public let expected: String

    /// The received value.
    public let found: String

    /// An error from its parts.
    public init(key: String, expected: String, found: String) {
        self.key = key
        self.expected = expected
        self.found = found
    }

    /// The error in a sentence.
    public var description: String { "\(key): expected \(expected), found \(found)" }
}
