import ArgumentParser
import Foundation

/// One entry of a list of tokenizers, as a person writes it.
///
/// `[NAME=]FOLDER`, `[NAME=]FOLDER+FOLDER+...` or `[NAME=]FOLDER-{0,1,2}` (trainings that differ in their seed only) or a
/// baseline, such as `fast`; settings follow after colons: `fast:scale=5`, `FOLDER:codebooks=2`.
struct TokenizerEntry: Equatable {
    /// What people call it.
    let name: String

    /// Folders, or one baseline.
    let sources: [String]

    /// What is set besides, in the order written.
    let settings: [Setting]

    /// One `key=value`.
    struct Setting: Equatable {
        let key: String
        let value: String
    }

    /// The settings as they were written, for example `scale=5`.
    var label: String { settings.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") }

    /// Which baseline this is; nil for folders.
    var baseline: Baseline? { sources.count == 1 ? Baseline(rawValue: sources[0]) : nil }

    /// Reads entries with commas between; commas in braces belong to an entry.
    ///
    /// - Throws: `ValidationError` that quotes what cannot be read.
    static func list(_ text: String) throws -> [TokenizerEntry] {
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
            throw ValidationError("--tokenizers: expected as many '{' as '}', found '\(text)'")
        }
        let entries = try pieces.map { try TokenizerEntry($0) }
        for (index, entry) in entries.enumerated() {
            let same = entries[..<index].contains { $0.name == entry.name && $0.label == entry.label }
            guard !same else {
                throw ValidationError(
                    "--tokenizers: '\(entry.name)' occurs twice; name one of them, as in new=\(entry.sources[0])"
                )
            }
        }
        return entries
    }

    private init(_ text: String) throws {
        var words = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var settings: [Setting] = []
        while words.count > 1, let setting = Self.setting(words[words.count - 1]) {
            settings.insert(setting, at: 0)
            words.removeLast()
        }
        let halves = words.joined(separator: ":").split(separator: "=", maxSplits: 1).map(String.init)
        guard let pattern = halves.last, !pattern.isEmpty else {
            throw ValidationError("--tokenizers: expected a folder or a baseline, found '\(text)'")
        }
        sources = pattern.split(separator: "+").flatMap { Self.expanded(String($0)) }
        guard !sources.isEmpty else {
            throw ValidationError("--tokenizers: expected a folder or a baseline, found '\(text)'")
        }
        self.settings = settings
        name = halves.count == 2 ? halves[0] : Self.name(of: pattern, sources)
        let kinds = sources.filter { Baseline(rawValue: $0) != nil }
        guard kinds.isEmpty || sources.count == 1 else {
            throw ValidationError(
                "--tokenizers: '\(kinds[0])' learns nothing by chance: give it once, not by seed"
            )
        }
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

    /// The last part of the path, without what tells seeds apart.
    private static func name(of pattern: String, _ sources: [String]) -> String {
        let last = sources[0].asFile.standardizedFileURL.lastPathComponent
        guard let open = pattern.firstIndex(of: "{"), let close = pattern.firstIndex(of: "}") else {
            return last
        }
        let rest = String(pattern[..<open] + pattern[pattern.index(after: close)...])
        let name = rest.asFile.standardizedFileURL.lastPathComponent
            .trimmingCharacters(in: CharacterSet(charactersIn: "-_."))
        return name.isEmpty ? last : name
    }
}
