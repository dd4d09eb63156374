public import RobotTypes

extension AnswerOptions {
    /// Longest deadline that is told apart from none, milliseconds: a day.
    private static let longestDeadline = 86_400_000.0

    /// The deadline after `milliseconds`, a positive number.
    ///
    /// A day is as good as for ever, and more may not fit a duration.
    public static func deadline(milliseconds: Double) -> Duration {
        .milliseconds(min(milliseconds, longestDeadline))
    }

    /// Reads what a request asks of its answer; every key may be missing.
    ///
    /// - Throws: ``AnswerOptionError`` that names the key, what was expected and what was found.
    public init(of message: WireValue) throws(AnswerOptionError) {
        self.init()
        guard let map = message.map else { return }
        if let value = map[WireKey.deadline] {
            let expected = "a positive number of milliseconds"
            guard let milliseconds = value.number else {
                throw AnswerOptionError(key: WireKey.deadline, expected: expected, found: value.kind)
            }
            guard milliseconds > 0, milliseconds.isFinite else {
                throw AnswerOptionError(key: WireKey.deadline, expected: expected, found: "\(milliseconds)")
            }
            deadline = Self.deadline(milliseconds: milliseconds)
        }
        if let value = map[WireKey.seed] {
            guard case .integer(let number) = value else {
                throw AnswerOptionError(
                    key: WireKey.seed,
                    expected: "a whole number below 2^63",
                    found: value.kind
                )
            }
            seed = UInt64(bitPattern: number)
        }
        if let value = map[WireKey.committedActions] { pending = try Self.pending(value) }
    }

    private static func pending(_ value: WireValue) throws(AnswerOptionError) -> ActionChunk {
        let expected = "finite numbers, [steps, columns]"
        guard let array = value.array, array.shape.count == 2, array.count > 0 else {
            let found = value.array.map { "shape \($0.shape)" } ?? value.kind
            throw AnswerOptionError(key: WireKey.committedActions, expected: expected, found: found)
        }
        let values = array.floats()
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            let place = "\(values[index]) at step \(index / array.shape[1]), column \(index % array.shape[1])"
            throw AnswerOptionError(key: WireKey.committedActions, expected: expected, found: place)
        }
        return ActionChunk(horizon: array.shape[0], dimension: array.shape[1], values: values)
    }
}

/// A request that asks for an answer that cannot be given.
///
/// The robot is seen rightly, so the client may ask again on the same connection.
public struct AnswerOptionError: Error, Equatable, CustomStringConvertible {
    /// The key at fault.
    public let key: String

    /// What may stand there.
    public let expected: String

    /// What stands there.
    public let found: String

    /// Wraps what is at fault.
    public init(key: String, expected: String, found: String) {
        self.key = key
        self.expected = expected
        self.found = found
    }

    /// The error in a sentence.
    public var description: String { "\(key): expected \(expected), found \(found)" }
}
