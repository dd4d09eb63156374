internal import Foundation
internal import Support
internal import Yams

/// A recipe as a tree of YAML nodes.
struct RecipeTree {
    /// Text that is not YAML, or a value of another type or form than its key requires.
    struct Mismatch: Error {
        let reason: String
    }

    private var node: Node

    private init(_ node: Node) { self.node = node }

    /// The tree of YAML text, empty where the text is.
    ///
    /// - Throws: ``Mismatch`` that says where it is not YAML.
    init(yaml: String) throws(Mismatch) {
        do {
            node = try Yams.compose(yaml: yaml) ?? Node([] as [(Node, Node)])
        } catch {
            throw Mismatch(reason: "is not YAML: \((error as? YamlError)?.line ?? "\(error)")")
        }
    }

    /// The tree of something encodable.
    init?(encoding value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // JSON is YAML, and writes numbers with all of their digits.
        guard let json = try? encoder.encode(value) else { return nil }
        do { try self.init(yaml: String(decoding: json, as: UTF8.self)) } catch { return nil }
    }

    /// The tree with this one under `keys`.
    func nested(under keys: [String]) -> RecipeTree {
        RecipeTree(keys.reversed().reduce(node) { Node([(Node($1), $0)]) })
    }

    /// Replaces values by those of `other`; only keys that `defaults` has are known, any where it is an empty group.
    mutating func merge(_ other: RecipeTree, defaults: RecipeTree) throws(Mismatch) {
        node = try Self.merged(other.node, into: node, defaults: defaults.node, path: "")
    }

    private static func merged(_ given: Node, into node: Node, defaults: Node?, path: String) throws(Mismatch)
        -> Node
    {
        guard case .mapping(var mapping) = node else { return try number(given, path: path) }
        guard case .mapping(let entries) = given else {
            throw Mismatch(
                reason: "'\(path)' should be a group of keys, for example \(text(node)), found \(text(given))"
            )
        }
        let known = defaults?.mapping ?? [:]
        for (key, entry) in entries {
            let name = key.string ?? text(key)
            let inner = path.isEmpty ? name : "\(path).\(name)"
            guard known.isEmpty || known[key] != nil else {
                let names = known.keys.compactMap(\.string).sorted()
                let meant = name.nearest(in: names).map { "; did you mean '\($0)'?" } ?? ""
                throw Mismatch(
                    reason: "unknown key '\(inner)'\(meant) Known: \(names.joined(separator: ", "))"
                )
            }
            mapping[key] = try merged(entry, into: mapping[key] ?? entry, defaults: known[key], path: inner)
        }
        return .mapping(mapping)
    }

    /// A number like `1e3` or `64.0` in the spelling that whole numbers are read in, everything else as it is.
    private static func number(_ node: Node, path: String) throws(Mismatch) -> Node {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any,
            let number = Double(scalar.string.lowercased().replacing(/\.(?=inf|nan)/, with: ""))
        else { return node }
        guard number.isFinite else {
            throw Mismatch(reason: "'\(path)' should be a finite number, found \(scalar.string)")
        }
        guard scalar.string.contains(where: { ".e".contains($0) }), let value = Double(scalar.string) else {
            return node
        }
        return Int(exactly: value).map { Node("\($0)") } ?? node
    }

    /// Decodes the tree.
    func decode<Recipe: Decodable>(_: Recipe.Type, defaults: RecipeTree) throws(Mismatch) -> Recipe {
        do {
            return try YAMLDecoder().decode(Recipe.self, from: node)
        } catch {
            throw Mismatch(reason: reason(of: error, defaults: defaults))
        }
    }

    private func reason(of error: any Error, defaults: RecipeTree) -> String {
        switch error as? DecodingError {
        case .typeMismatch(let type, let context)?:
            let expected = [
                Self.kind(of: type), defaults[context.codingPath].map { "for example \(Self.text($0))" },
            ]
            let found = self[context.codingPath].map(Self.text) ?? "nothing"
            return
                "'\(Self.path(context.codingPath))' should be \(expected.compactMap(\.self).joined(separator: ", ")), "
                + "found \(found)"
        case .dataCorrupted(let context)?:
            return "'\(Self.path(context.codingPath))' \(context.debugDescription)"
        default: return "cannot be understood: \(error)"
        }
    }

    private static func kind(of type: any Any.Type) -> String {
        switch type {
        case is Int.Type: "a whole number"
        case is Double.Type: "a number"
        case is Bool.Type: "true or false"
        case is String.Type: "text"
        case is Node.Mapping.Type: "a group of keys"
        case is Node.Sequence.Type: "a list"
        default: "a single value"
        }
    }

    /// `latentPositions.position`, `moreHorizons[1]`.
    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce("") { path, key in
            if let index = key.intValue { return "\(path)[\(index)]" }
            return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
        }
    }

    private subscript(keys: [any CodingKey]) -> Node? {
        keys.reduce(node) { node, key in
            if let index = key.intValue {
                return node?.sequence.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            }
            return node?.mapping?[Node(key.stringValue)]
        }
    }

    /// The first key of a group, in their order, under which `other` has another value, with both values.
    func firstDifference(from other: RecipeTree) -> (key: String, own: String, other: String)? {
        guard let mapping = node.mapping else { return nil }
        for (key, value) in mapping {
            let (own, others) = (Self.text(value), other.node.mapping?[key].map(Self.text) ?? "nothing")
            if own != others { return (key.string ?? "", own, others) }
        }
        return nil
    }

    /// The value as a person would write it.
    private static func text(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string
        case .sequence(let sequence): "[" + sequence.map(text).joined(separator: ", ") + "]"
        case .mapping(let mapping):
            "{" + mapping.map { "\(text($0.key)): \(text($0.value))" }.joined(separator: ", ") + "}"
        case .alias: "an alias"
        }
    }
}
