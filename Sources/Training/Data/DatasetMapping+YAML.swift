public import Foundation
internal import RobotTypes
internal import Support
internal import Yams

extension DatasetMapping {
    /// Reads a mapping file.
    ///
    /// - Throws: ``DatasetMappingError`` that names the file, the key, what was expected and what was found.
    public init(reading file: URL) throws(DatasetMappingError) {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            throw DatasetMappingError(
                file.path,
                "file",
                expected: "a YAML file",
                found: "none that can be read"
            )
        }
        try self.init(yaml: text, file: file.path)
    }

    /// Reads a mapping from YAML; errors name `file`.
    ///
    /// - Throws: ``DatasetMappingError`` that names the file, the key, what was expected and what was found.
    public init(yaml text: String, file: String) throws(DatasetMappingError) {
        let node: Node?
        do { node = try Yams.compose(yaml: text) } catch {
            let reason = (error as? YamlError)?.line ?? "\(error)"
            throw DatasetMappingError(file, "file", expected: "YAML", found: reason)
        }
        let root = MappingNode(file: file, key: "", node: node ?? Node([] as [(Node, Node)]))
        self.file = file
        let entries = try root.entries(known: ["action", "state", "cameras"])
        (action, state, cameras) = ([], [], [])
        for (name, entry) in entries {
            switch name {
            case "action":
                action = try entry.parts().map { (name, node) throws(DatasetMappingError) in
                    try Part(action: name, node)
                }
                if action.isEmpty { throw entry.error("at least one group") }
            case "state":
                state = try entry.parts().map { (name, node) throws(DatasetMappingError) in
                    try Part(state: name, node)
                }
                if state.isEmpty { throw entry.error("at least one part") }
            default:
                cameras = try entry.entries().map { (name, node) throws(DatasetMappingError) in
                    Camera(feature: name, name: try node.text())
                }
                for (index, camera) in cameras.enumerated()
                where cameras[..<index].contains(where: { $0.name == camera.name }) {
                    throw DatasetMappingError(
                        file,
                        "cameras.\(camera.feature)",
                        expected: "a name of its own",
                        found: "'\(camera.name)' twice"
                    )
                }
            }
        }
        guard !action.isEmpty || !state.isEmpty || !cameras.isEmpty else {
            throw root.error(
                "the key 'action', with groups by name such as 'arm: {source: action, columns: 0:7}'"
            )
        }
    }
}

extension DatasetMapping.Part {
    fileprivate init(action name: String?, _ node: MappingNode) throws(DatasetMappingError) {
        try self.init(
            name: name,
            node,
            defaultSource: "action",
            known: [
                "source", "feature", "columns", "type", "units", "unit", "mode", "rotation", "relative",
                "wraps",
            ]
        )
    }

    fileprivate init(state name: String?, _ node: MappingNode) throws(DatasetMappingError) {
        try self.init(
            name: name,
            node,
            defaultSource: "observation.state",
            known: ["source", "feature", "columns", "units", "unit", "rotation"]
        )
    }

    private init(
        name given: String?,
        _ node: MappingNode,
        defaultSource: String,
        known: [String]
    ) throws(DatasetMappingError) {
        self.init(name: given ?? "", sources: [defaultSource])
        var wraps: MappingNode?
        var relative: MappingNode?
        if case .scalar = node.node, given == nil {
            sources = try node.texts()
            name = sources[0]
            isNamed = false
            return
        }
        for (key, value) in try node.entries(known: known + (given == nil ? ["group"] : [])) {
            switch key {
            case "source", "feature":
                sources = try value.texts()
                if sources.isEmpty { throw value.error("a feature's name, or a list of them") }
            case "group": name = try value.text()
            case "columns": columns = try value.columns()
            case "type": kind = try value.choice(ActionSpace.Kind.allCases.map { ($0.rawValue, $0) })
            case "units", "unit": units = try value.text()
            case "mode": mode = try value.choice(DatasetMapping.Mode.allCases.map { ($0.rawValue, $0) })
            case "rotation":
                rotation = try value.choice(ActionTransform.Rotation.allCases.map { ($0.rawValue, $0) })
            case "relative":
                relative = value
                if let flag = value.flag() {
                    relativeTo = flag ? "" : nil
                } else {
                    relativeTo = try value.text()
                }
            default: wraps = value
            }
        }
        if name.isEmpty {
            name = sources[0]
            isNamed = false
        }
        if relativeTo?.isEmpty == true { relativeTo = name }
        guard columns == .all || sources.count == 1 else {
            throw node.error("'columns' of one source", found: "\(sources.count) sources")
        }
        if let relative, relativeTo != nil {
            if let mode, mode != .absolute {
                throw relative.error(
                    "false with mode \(mode.rawValue): only absolute actions become relative"
                )
            }
            guard rotation != .sixD else {
                throw relative.error("false with rotation 6d: a quaternion or axis-angle can be relative")
            }
        }
        if let wraps { wrap = try wraps.wrap(units: units, isRelative: relativeTo != nil) }
        if let wraps, wrap != nil, let rotation, rotation != .euler {
            throw wraps.error("false with rotation \(rotation.rawValue), whose columns are no angles")
        }
    }
}

/// A node of a mapping file, with its place for messages.
private struct MappingNode {
    let file: String
    let key: String
    let node: Node

    func error(_ expected: String, found: String? = nil) -> DatasetMappingError {
        DatasetMappingError(
            file,
            key.isEmpty ? "file" : key,
            expected: expected,
            found: found ?? Self.summary(node)
        )
    }

    private static func summary(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "'\(scalar.string)'"
        case .sequence(let list): "[" + list.map(summary).joined(separator: ", ") + "]"
        case .mapping(let mapping):
            mapping.isEmpty ? "nothing" : "the keys " + mapping.keys.map(summary).joined(separator: ", ")
        case .alias: "an alias"
        }
    }

    /// Keys and values in the order of the file; `known` keys only, where they are given.
    func entries(known: [String]? = nil) throws(DatasetMappingError) -> [(String, MappingNode)] {
        guard case .mapping(let mapping) = node else { throw error("a group of keys") }
        var result: [(String, MappingNode)] = []
        for (name, value) in mapping {
            guard let name = name.string, !name.isEmpty else { throw error("names as keys") }
            let inner = key.isEmpty ? name : "\(key).\(name)"
            if let known, !known.contains(name) {
                let meant = name.nearest(in: known).map { "; did you mean '\($0)'?" } ?? ""
                throw error("one of the keys \(known.joined(separator: ", "))", found: "'\(name)'\(meant)")
            }
            result.append((name, MappingNode(file: file, key: inner, node: value)))
        }
        return result
    }

    /// Parts by name, or the entries of a list, without names.
    func parts() throws(DatasetMappingError) -> [(String?, MappingNode)] {
        guard case .sequence(let list) = node else { return try entries().map { ($0.0, $0.1) } }
        return list.enumerated().map {
            (nil, MappingNode(file: file, key: "\(key)[\($0.offset)]", node: $0.element))
        }
    }

    func text() throws(DatasetMappingError) -> String {
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty else { throw error("a text") }
        return scalar.string
    }

    /// One text or a list of them.
    func texts() throws(DatasetMappingError) -> [String] {
        guard case .sequence(let list) = node else { return [try text()] }
        return try list.map { (entry) throws(DatasetMappingError) in
            try MappingNode(file: file, key: key, node: entry).text()
        }
    }

    /// `true` or `false`; nil for anything else.
    func flag() -> Bool? { node.bool }

    func choice<Value>(_ values: [(String, Value)]) throws(DatasetMappingError) -> Value {
        let name = try text()
        if let value = values.first(where: { $0.0 == name }) { return value.1 }
        throw error("one of \(values.map(\.0).joined(separator: ", "))")
    }

    /// `3`, `0:7`, `[0, 2]` or `[shoulder, elbow]`.
    func columns() throws(DatasetMappingError) -> DatasetMapping.Columns {
        let words = try texts()
        let numbers = words.map { Int($0) }
        if numbers.allSatisfy({ $0 != nil }) {
            let positions = numbers.compactMap(\.self)
            guard !positions.isEmpty, positions.allSatisfy({ $0 >= 0 }) else {
                throw error("columns from 0 on, such as 3 or 0:7")
            }
            return .positions(positions)
        }
        if case .scalar = node, words[0].contains(":") {
            let bounds = words[0].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
            guard bounds.count == 2, let first = bounds[0], let end = bounds[1], first >= 0, end > first,
                end <= ActionSpace.largestDimension
            else { throw error("first:end, such as 0:7") }
            return .positions(Array(first ..< end))
        }
        return .names(words)
    }

    /// `true`, `false`, or the interval such as `0:360`.
    func wrap(units: String?, isRelative: Bool) throws(DatasetMappingError) -> ActionTransform.Wrap? {
        if flag() == false { return nil }
        if flag() == true {
            switch units ?? "rad" {
            case "rad", "radian", "radians": return .init(from: -.pi, period: 2 * .pi)
            case "deg", "degree", "degrees": return .init(from: -180, period: 360)
            default: throw error("an interval such as -1:1 where units are neither rad nor deg")
            }
        }
        let bounds = try text().split(separator: ":", omittingEmptySubsequences: false).map { Float($0) }
        guard bounds.count == 2, let first = bounds[0], let end = bounds[1], first.isFinite, end > first,
            (end - first).isFinite
        else { throw error("true, false or an interval such as 0:360") }
        return .init(from: first, period: end - first)
    }
}
