import Foundation

/// A JSON value whose objects keep the order of their keys.
///
/// Foundation's readers lose that order, and refuse the NaN and Infinity that Python writes.
enum JSONValue: Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let one), .bool(let other)): one == other
        case (.number(let one), .number(let other)): one == other
        case (.text(let one), .text(let other)): one == other
        case (.array(let one), .array(let other)): one == other
        case (.object(let one), .object(let other)): one.elementsEqual(other) { $0 == $1 }
        default: false
        }
    }

    /// The value of a key, the last one where it occurs several times.
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// Members of an object, in order.
    var members: [(key: String, value: JSONValue)]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// Elements of an array.
    var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The text of a string.
    var text: String? { if case .text(let text) = self { text } else { nil } }

    /// A truth value; Python's and C's spellings will do.
    var bool: Bool? {
        switch self {
        case .bool(let value): value
        case .number(let value): value == 1 ? true : value == 0 ? false : nil
        case .text(let text): ["true": true, "false": false][text.lowercased()]
        default: nil
        }
    }

    /// A number, also one that is written as text.
    var number: Double? {
        switch self {
        case .number(let value): value
        case .text(let text): Double(text.trimmingCharacters(in: .whitespaces)) ?? Self.ratio(text)
        default: nil
        }
    }

    /// The value of a fraction, `30000/1001`.
    private static func ratio(_ text: String) -> Double? {
        let parts = text.split(separator: "/").map { Double($0.trimmingCharacters(in: .whitespaces)) }
        guard parts.count == 2, let numerator = parts[0], let denominator = parts[1], denominator != 0 else {
            return nil
        }
        return numerator / denominator
    }

    /// A whole number.
    var integer: Int? { number.flatMap { Int(exactly: $0) } }

    /// The value in a few characters, as errors quote it.
    var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): Int(exactly: value).map(String.init) ?? "\(value)"
        case .text(let text): "'\(text.prefix(40))'"
        case .array(let values): "a list of \(values.count)"
        case .object(let members): "an object of \(members.map(\.key).prefix(4).joined(separator: ", "))"
        }
    }
}

extension JSONValue {
    /// Reads a JSON file.
    ///
    /// - Throws: ``LeRobotError/unreadable(file:reason:)`` that names the file and the line.
    static func reading(_ file: URL) throws(LeRobotError) -> JSONValue {
        let data: Data
        do { data = try Data(contentsOf: file) } catch {
            throw .unreadable(file: file.path, reason: error.localizedDescription)
        }
        guard data.contains(where: { $0 > 32 }) else {
            throw .unreadable(
                file: file.path,
                reason:
                    "the file is empty (\(data.count) bytes): the recording was interrupted or the copy is incomplete"
            )
        }
        do throws(JSONParser.Failure) { return try JSONParser.parse(data) } catch {
            throw .unreadable(file: file.path, reason: "not valid JSON: \(error.reason)")
        }
    }

    /// Reads a file of one JSON value a line; values over several lines, and one list of all, are read too.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - cutOff: Called where the last line is no JSON, as when a recording was interrupted; it is left out.
    /// - Returns: The values, in order.
    /// - Throws: ``LeRobotError/unreadable(file:reason:)`` that names the line.
    static func lines(of file: URL, cutOff: () -> Void) throws(LeRobotError) -> [JSONValue] {
        let data: Data
        do { data = JSONParser.inUTF8(try Data(contentsOf: file)) } catch {
            throw .unreadable(file: file.path, reason: error.localizedDescription)
        }
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var values: [JSONValue] = []
        values.reserveCapacity(lines.count)
        for (number, line) in lines.enumerated() where line.contains(where: { $0 > 32 }) {
            do throws(JSONParser.Failure) { values.append(try JSONParser.parse(line)) } catch {
                let isLast = !lines[(number + 1)...].contains { $0.contains { $0 > 32 } }
                guard isLast, !values.isEmpty else {
                    if let values = try? JSONParser.sequence(data) { return values }
                    throw .unreadable(
                        file: file.path,
                        reason: "line \(number + 1): not valid JSON: \(error.reason)"
                    )
                }
                cutOff()
            }
        }
        return values
    }
}

extension JSONValue {
    /// All numbers of nested lists, in order; true is 1 and false 0.
    var flatNumbers: [Double] {
        if let elements { return elements.flatMap(\.flatNumbers) }
        return (bool.map { $0 ? 1 : 0 } ?? number).map { [$0] } ?? []
    }
}
