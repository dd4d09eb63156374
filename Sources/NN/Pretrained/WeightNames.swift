/// Names of a published checkpoint's tensors beside those of a module's parameters: a literal table a model.
///
/// One row a tensor, in the order of the forward. `{}` stands for a number, `*` at the end for any rest. Several published
/// tensors of one parameter are stacked along its first axis, in the order of the rows: queries, keys and values of one
/// product. A published tensor without a parameter is dropped on purpose; one that no row names is an error.
///
/// ```swift
/// static let gemma = WeightNames([
///     ("model.embed_tokens.weight", "embedding.weight"),
///     ("model.layers.{}.self_attn.q_proj.weight", "layers.{}.attention.projection.weight"),
///     ("model.layers.{}.self_attn.k_proj.weight", "layers.{}.attention.projection.weight"),
///     ("model.layers.{}.self_attn.v_proj.weight", "layers.{}.attention.projection.weight"),
///     ("model.layers.{}.self_attn.rotary_emb.inv_freq", nil),
/// ])
/// ```
public struct WeightNames: Sendable {
    /// A published tensor's name, and the parameter's; nil drops the tensor.
    public typealias Row = (published: String, parameter: String?)

    /// A prefix that some writer gives to names, and the table's.
    public typealias Prefix = (written: String, published: String)

    private let rows: [(published: [Substring], parameter: String?)]
    private let prefixes: [Prefix]

    /// Names by `rows`.
    ///
    /// - Parameters:
    ///   - rows: The table.
    ///   - prefixes: Prefixes of other writers, replaced one after the other before a name is looked up.
    public init(_ rows: [Row], prefixes: [Prefix] = []) {
        self.rows = rows.map { ($0.published.split(separator: "."), $0.parameter) }
        self.prefixes = prefixes
    }

    /// The same table for names that some writer gives `prefixes` to, which are replaced before the others.
    public func reading(_ prefixes: [Prefix]) -> WeightNames {
        WeightNames(rows: rows, prefixes: prefixes + self.prefixes)
    }

    private init(rows: [(published: [Substring], parameter: String?)], prefixes: [Prefix]) {
        (self.rows, self.prefixes) = (rows, prefixes)
    }

    /// Meaning of a published tensor.
    enum Meaning: Equatable {
        /// A part of the parameter `name`; parts of lower rows come first.
        case part(name: String, row: Int)
        /// Dropped on purpose.
        case dropped
        /// In no row.
        case unknown
    }

    /// Meaning of the tensor `name` of a file.
    func meaning(of name: String) -> Meaning {
        let components = canonical(name).split(separator: ".")
        for (index, row) in rows.enumerated() {
            guard let numbers = Self.numbers(of: components, in: row.published) else { continue }
            guard let parameter = row.parameter else { return .dropped }
            return .part(name: Self.filled(parameter, numbers), row: index)
        }
        return .unknown
    }

    /// `name` with the table's prefixes.
    private func canonical(_ name: String) -> String {
        prefixes.reduce(name) { name, prefix in
            name.hasPrefix(prefix.written) ? prefix.published + name.dropFirst(prefix.written.count) : name
        }
    }

    /// Numbers that stand for `{}`; nil for another name.
    private static func numbers(of name: [Substring], in pattern: [Substring]) -> [Substring]? {
        let isOpen = pattern.last == "*"
        guard isOpen ? name.count >= pattern.count : name.count == pattern.count else { return nil }
        var numbers: [Substring] = []
        for (found, expected) in zip(name, isOpen ? pattern.dropLast() : pattern[...]) {
            if expected == "{}", found.allSatisfy(\.isNumber) {
                numbers.append(found)
            } else if found != expected {
                return nil
            }
        }
        return numbers
    }

    /// `pattern` with `numbers` in the place of `{}`.
    private static func filled(_ pattern: String, _ numbers: [Substring]) -> String {
        var rest = numbers[...]
        return pattern.split(separator: ".").map { $0 == "{}" ? rest.popFirst() ?? $0 : $0 }
            .joined(separator: ".")
    }
}
