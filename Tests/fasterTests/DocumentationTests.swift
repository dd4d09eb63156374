import Foundation
import PythonPeer
import TemporaryFolder
import Testing

/// Commands in the Markdown files, beside those that the program has.
@Suite("Documentation", .timeLimit(.minutes(1)))
struct DocumentationTests {
    private let program: Command

    init() async throws {
        let folder = try TemporaryFolder()
        let help = try await Program.object(["--experimental-dump-help"], in: folder)
        program = Command(try #require(help["command"] as? [String: Any]))
    }

    @Test("names commands and options that there are")
    func commands() throws {
        var count = 0
        for file in files() {
            let text = try String(contentsOf: file, encoding: .utf8)
            for line in commandLines(in: text) {
                let unknown = unknownWord(of: line)
                #expect(unknown == nil, "\(file.path): faster \(line)")
                count += 1
            }
        }
        #expect(count > 200)
    }

    @Test(
        "a command or an option that there is not is noticed",
        arguments: [
            ("    faster tokenizer fit --dta demos   # a comment", "--dta"),
            ("    for seed in 0 1; do faster polcy train --data demos; done", "polcy"),
            ("The command `faster serve --policy P --deadline 20` replies in time.", "--deadline"),
            ("    faster policy train --data demos \\\n        --tokenizer t --heads flow", "--heads"),
        ]
    )
    func mistakes(text: String, unknown: String) throws {
        let line = try #require(commandLines(in: text).first)
        #expect(unknownWord(of: line) == unknown)
    }

    /// The Markdown files that show commands.
    private func files() -> [URL] {
        let root = PythonPeer.packageRoot
        let inFolders = ["Documentation", "Examples", "Models", "Simulators"].flatMap { name -> [URL] in
            let folder = root.appending(path: name)
            let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String }
            return (paths ?? []).filter { $0.hasSuffix(".md") }.map { folder.appending(path: $0) }
        }
        return ["README.md", "CONTRIBUTING.md", "Benchmarks/README.md"].map { root.appending(path: $0) }
            + inFolders
    }

    /// Command lines of `faster`, without that word, in spans and indented lines of code.
    private func commandLines(in text: String) -> [String] {
        let joined = text.replacing(/\\\n\s*/, with: " ")
        let spans = joined.matches(of: /`faster ([^`\n]*)/).map { String($0.1) }
        let lines = joined.split(separator: "\n").filter { $0.hasPrefix("    ") }
        let code = lines.flatMap { line in
            line.matches(of: /[ ="\/]faster ([^#]*)/).map { String($0.1) }
        }
        return spans + code
    }

    /// The first subcommand or option of a command line that the program does not have; nil for none.
    private func unknownWord(of line: String) -> String? {
        let punctuation = CharacterSet(charactersIn: "\"',.)")
        let words = line.prefix { !"|;&".contains($0) }.split(separator: " ")
            .map { $0.trimmingCharacters(in: punctuation) }
        guard let first = words.first, !first.hasPrefix("-"), first != "help" else { return nil }
        var (command, rest) = (program, words[...])
        while let name = rest.first, let subcommand = command.subcommands[name] {
            (command, rest) = (subcommand, rest.dropFirst())
        }
        guard rest.count < words.count else { return first }
        let options = rest.compactMap { $0.firstMatch(of: /^--[a-z][a-z-]*/).map { String($0.output) } }
        return options.first { !command.options.contains($0) }
    }
}

/// A command as the program describes itself.
private struct Command {
    let subcommands: [String: Command]

    /// Long options, with their dashes.
    let options: Set<String>

    init(_ help: [String: Any]) {
        let children = help["subcommands"] as? [[String: Any]] ?? []
        let named = children.map { ($0["commandName"] as? String ?? "", Command($0)) }
        subcommands = Dictionary(named) { first, _ in first }
        let arguments = help["arguments"] as? [[String: Any]] ?? []
        let names = arguments.flatMap { $0["names"] as? [[String: Any]] ?? [] }
        options = Set(names.compactMap { $0["name"] as? String }.map { "--" + $0 })
    }
}
