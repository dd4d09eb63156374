internal import ActionTokenizers
internal import Foundation
internal import Support

/// A tokenizer as a person names it: `[NAME=]SOURCE[:KEY=VALUE]...`.
///
/// The source is a ``FittedTokenizer``, such as `fast`, or folders: `FOLDER`, or `FOLDER+FOLDER` and `FOLDER-{0,1,2}` for
/// trainings that differ only in their seed. Settings follow after colons: `fast:scale=5`, `FOLDER:codebooks=2`,
/// `FOLDER:early-end=0.05`.
public struct TokenizerSpecification: Equatable, Sendable {
    /// Display name.
    public let name: String

    /// Folders, or one fitted tokenizer.
    public let sources: [String]

    /// Settings of the tokenizer in the order written.
    public let settings: [Setting]

    /// Tolerance within which chunks end early, the setting `early-end`; nil for whole ones.
    public let earlyEnd: Double?

    /// One `key=value`.
    public struct Setting: Equatable, Sendable {
        /// Name of the setting.
        public let key: String

        /// The value as written.
        public let value: String
    }

    /// The settings as a person reads them, for example `scale=5`.
    public var label: String {
        (settings.map { "\($0.key)=\($0.value)" } + (earlyEnd.map { ["\(Self.earlyEndKey)=\($0)"] } ?? []))
            .joined(separator: ", ")
    }

    private static let earlyEndKey = "early-end"

    /// The fitted tokenizer; nil for folders.
    public var fitted: FittedTokenizer? {
        sources.count == 1 ? FittedTokenizer(rawValue: sources[0]) : nil
    }

    /// Reads specifications with commas between; commas in braces belong to a specification.
    ///
    /// - Throws: `ActionTokenizerError` that quotes the text that cannot be read.
    public static func list(_ text: String) throws -> [TokenizerSpecification] {
        var (pieces, depth) = ([""], 0)
        for character in text {
            if character == "{" { depth += 1 }
            if character == "}" { depth -= 1 }
            if character == ",", depth == 0 {
                pieces.append("")
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        guard depth == 0 else {
            throw ActionTokenizerError("expected as many '{' as '}', found '\(text)'")
        }
        let list = try pieces.map { try TokenizerSpecification($0) }
        for (index, one) in list.enumerated() {
            let isTaken = list[..<index].contains { $0.name == one.name && $0.label == one.label }
            guard !isTaken else {
                throw ActionTokenizerError(
                    "'\(one.name)' occurs twice; name one of them, as in new=\(one.sources[0])"
                )
            }
        }
        return list
    }

    /// Reads one specification.
    ///
    /// - Throws: `ActionTokenizerError` that quotes the text that cannot be read.
    public init(_ text: String) throws {
        var words = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var settings: [Setting] = []
        while words.count > 1, let setting = Self.setting(words[words.count - 1]) {
            settings.insert(setting, at: 0)
            words.removeLast()
        }
        let halves = words.joined(separator: ":").split(separator: "=", maxSplits: 1).map(String.init)
        let pattern = halves.last ?? ""
        sources = pattern.split(separator: "+").flatMap { Self.expanded(String($0)) }
        guard !sources.isEmpty else {
            throw ActionTokenizerError(
                "expected a folder or one of \(FittedTokenizer.names), found '\(text)'"
            )
        }
        earlyEnd = try settings.last { $0.key == Self.earlyEndKey }.map(Self.tolerance)
        self.settings = settings.filter { $0.key != Self.earlyEndKey }
        name = halves.count == 2 ? halves[0] : Self.name(of: pattern, sources)
        let fitted = sources.filter { FittedTokenizer(rawValue: $0) != nil }
        guard fitted.isEmpty || sources.count == 1 else {
            throw ActionTokenizerError("'\(fitted[0])' has no seed: give it once, not with '+' or '{}'")
        }
    }

    private static func tolerance(_ setting: Setting) throws -> Double {
        if let tolerance = Double(setting.value), tolerance > 0, tolerance.isFinite { return tolerance }
        throw ActionTokenizerError(
            "\(setting.key): expected a tolerance above 0 in normalised units, found '\(setting.value)'"
        )
    }

    /// `key=value` where the key is a word.
    private static func setting(_ text: String) -> Setting? {
        let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard halves.count == 2, halves[0].allSatisfy({ $0.isLetter || $0 == "-" }) else { return nil }
        return Setting(key: halves[0], value: halves[1])
    }

    /// `a-{0,1}` as `a-0` and `a-1`.
    private static func expanded(_ text: String) -> [String] {
        guard let open = text.firstIndex(of: "{"), let close = text[open...].firstIndex(of: "}") else {
            return [text]
        }
        let (head, tail) = (text[..<open], text[text.index(after: close)...])
        return text[text.index(after: open) ..< close].split(separator: ",", omittingEmptySubsequences: false)
            .flatMap { expanded(head + String($0) + tail) }
    }

    /// The last component of the path, without the part in which seeds differ.
    private static func name(of pattern: String, _ sources: [String]) -> String {
        let last = lastComponent(sources[0])
        guard let open = pattern.firstIndex(of: "{"), let close = pattern.firstIndex(of: "}") else {
            return last
        }
        let name = lastComponent(String(pattern[..<open] + pattern[pattern.index(after: close)...]))
            .trimmingCharacters(in: CharacterSet(charactersIn: "-_."))
        return name.isEmpty ? last : name
    }

    private static func lastComponent(_ path: String) -> String {
        URL(filePath: path).standardizedFileURL.lastPathComponent
    }
}
