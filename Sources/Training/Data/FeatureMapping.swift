public import Foundation
public import LeRobot
internal import RobotTypes
internal import Support
internal import Yams

/// Composition of a robot's action and state from several features of a dataset.
///
/// ```yaml
/// action:
///   - feature: actions.joint.position
///     columns: 0:6
///     group: joints
///     unit: rad
///     continuity: radians
///   - feature: actions.effector.position
///     group: gripper
/// state:
///   - feature: observation.state.joint.position
/// ```
public struct FeatureMapping: Equatable, Sendable {
    /// A part of an action or a state.
    public struct Part: Equatable, Sendable {
        /// Feature, columns and the jumps to remove.
        public let slice: ColumnSlice

        /// Name of the action group that the columns form; nil reads groups off the columns' names.
        public let group: String?

        /// Unit of the values, for people.
        public let unit: String?

        /// True for changes or velocities, false for positions; nil reads it off the columns' names.
        public let isRelative: Bool?
    }

    /// Parts of an action, in order; empty for the feature `action`.
    public var action: [Part] = []

    /// Parts of a state, in order; empty for the feature `observation.state`.
    public var state: [Part] = []

    /// Reads a YAML file.
    ///
    /// - Throws: ``DemonstrationsError`` that names the file and the key.
    public init(reading file: URL) throws(DemonstrationsError) {
        func wrong(_ reason: String) -> DemonstrationsError {
            DemonstrationsError(description: "\(file.path): \(reason)")
        }
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            throw wrong("no such file, or it cannot be read")
        }
        do {
            try self.init(yaml: text)
        } catch {
            throw wrong("\(error)")
        }
    }

    /// Reads YAML text.
    ///
    /// - Throws: `InvalidValue` that names the key.
    init(yaml text: String) throws(InvalidValue) {
        let example = "a group of keys, for example action: [{feature: actions.joint.position}]"
        guard let node = try? Yams.compose(yaml: text), case .mapping(let entries) = node else {
            throw InvalidValue("mapping", expected: example, found: text.prefix(40))
        }
        for (key, value) in entries {
            switch key.string {
            case "action": action = try Self.parts(value, key: "action")
            case "state": state = try Self.parts(value, key: "state")
            default:
                throw InvalidValue("mapping", expected: "the keys action and state", found: key.string ?? "")
            }
        }
        guard !action.isEmpty || !state.isEmpty else {
            throw InvalidValue("mapping", expected: example, found: "none")
        }
    }

    private static func parts(_ node: Node, key: String) throws(InvalidValue) -> [Part] {
        guard case .sequence(let sequence) = node, !sequence.isEmpty else {
            throw InvalidValue(key, expected: "a list of parts, each with the key feature", found: text(node))
        }
        var parts: [Part] = []
        for (index, element) in sequence.enumerated() {
            parts.append(try Part(element, key: "\(key)[\(index)]"))
        }
        return parts
    }

    fileprivate static func text(_ node: Node) -> String {
        node.string
            ?? ((try? Yams.serialize(node: node)) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension FeatureMapping.Part {
    private static let keys = ["feature", "columns", "group", "unit", "continuity", "relative"]

    fileprivate init(_ node: Node, key: String) throws(InvalidValue) {
        let entries: Node.Mapping
        switch node {
        case .scalar: entries = ["feature": node]
        case .mapping(let mapping): entries = mapping
        default:
            throw InvalidValue(key, expected: "a feature's name, or keys", found: FeatureMapping.text(node))
        }
        for (name, _) in entries where !Self.keys.contains(name.string ?? "") {
            throw InvalidValue(
                key,
                expected: "the keys \(Self.keys.joined(separator: ", "))",
                found: name.string ?? ""
            )
        }
        guard let feature = entries["feature"]?.string, !feature.isEmpty else {
            throw InvalidValue("\(key).feature", expected: "a feature's name", found: "nothing")
        }
        let columns = try entries["columns"].map { (node) throws(InvalidValue) in
            try Self.range(FeatureMapping.text(node), key: "\(key).columns")
        }
        let continuity = try entries["continuity"].map { (node) throws(InvalidValue) in
            let text = FeatureMapping.text(node)
            guard let continuity = ColumnSlice.Continuity(rawValue: text) else {
                let names = ColumnSlice.Continuity.allCases.map(\.rawValue).joined(separator: ", ")
                throw InvalidValue("\(key).continuity", expected: "one of \(names)", found: text)
            }
            return continuity
        }
        let isRelative = try entries["relative"].map { (node) throws(InvalidValue) in
            guard let value = node.bool else {
                throw InvalidValue(
                    "\(key).relative",
                    expected: "true or false",
                    found: FeatureMapping.text(node)
                )
            }
            return value
        }
        slice = ColumnSlice(feature: feature, columns: columns, continuity: continuity)
        group = entries["group"]?.string
        unit = entries["unit"]?.string
        self.isRelative = isRelative
    }

    /// Reads `3` or `0:6`, whose end is excluded.
    private static func range(_ text: String, key: String) throws(InvalidValue) -> Range<Int> {
        let bounds = text.split(separator: ":").map { Int($0) }
        if bounds.count == 1, let first = bounds[0], first >= 0 { return first ..< first + 1 }
        if bounds.count == 2, let first = bounds[0], let end = bounds[1], first >= 0, first < end {
            return first ..< end
        }
        throw InvalidValue(key, expected: "a column or first:end", found: text)
    }
}

extension FeatureMapping {
    /// Groups of an action's columns: those that parts name, others by the columns' names.
    ///
    /// - Parameters:
    ///   - widths: Number of columns of every part.
    ///   - names: Names of all columns.
    /// - Returns: The groups.
    /// - Throws: `ActionSpaceError` where two parts that are no neighbours name one group.
    func actionSpace(_ widths: [Int], names: [String]) throws(ActionSpaceError) -> ActionSpace {
        var groups: [ActionSpace.Group] = []
        var first = 0
        for (part, width) in zip(action, widths) {
            let columns = first ..< first + width
            if let name = part.group {
                if let last = groups.last, last.name == name {
                    groups[groups.count - 1].count += width
                } else {
                    groups.append(.init(name: name, columns: columns))
                }
            } else {
                for group in try ActionSpace(columnNames: Array(names[columns])).groups {
                    let taken = groups.filter { $0.name == group.name || $0.name.hasPrefix(group.name + "_") }
                    let name = taken.isEmpty ? group.name : "\(group.name)_\(taken.count + 1)"
                    groups.append(
                        .init(
                            name: name,
                            columns: first + group.columns.lowerBound ..< first + group.columns.upperBound
                        )
                    )
                }
            }
            first += width
        }
        return try ActionSpace(groups: groups)
    }

    /// The mapping in a line for people.
    public var description: String {
        func text(_ parts: [Part]) -> String {
            parts.map { part in
                let columns = part.slice.columns.map { "[\($0.lowerBound):\($0.upperBound)]" } ?? ""
                return part.slice.feature + columns + (part.unit.map { " in \($0)" } ?? "")
            }.joined(separator: " + ")
        }
        return [("action", action), ("state", state)].filter { !$0.1.isEmpty }
            .map { "\($0.0) = \(text($0.1))" }.joined(separator: "; ")
    }
}
