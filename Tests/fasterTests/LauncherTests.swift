import Foundation
import PythonPeer
import TemporaryFolder
import Testing

/// `Scripts/launcher` with the program's own pages of help, beside a program that says what it was run with.
@Suite("The launcher", .timeLimit(.minutes(5)))
struct LauncherTests {
    /// `bin/faster` and `bin/libexec/`, made once.
    private static let installed = Task {
        let folder = try Workshop.folder()
        let libexec = folder.appending(path: "bin/libexec")
        _ = try await Program.output(["help-pages", "--out", libexec.path], in: folder)
        let script = PythonPeer.packageRoot.appending(path: "Scripts/launcher")
        try FileManager.default.copyItem(at: script, to: folder.appending(path: "bin/faster"))
        let program = #"""
            #!/bin/sh
            [ "$1" = wait ] && { echo "process $$" >&2; exec sleep 60; }
            for argument; do printf '<%s>' "$argument"; done
            echo " ${GOMP_SPINCOUNT-none}"
            exit 3
            """#
        let file = libexec.appending(path: "faster")
        try Data(program.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        return folder
    }

    private let folder: TemporaryFolder
    private let installation: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        installation = try await Self.installed.value
    }

    private var launcher: URL { installation.appending(path: "bin/faster") }

    /// Runs the launcher, or another file, with variables of the environment, `NAME=VALUE`, or `-u NAME` for none.
    private func launch(
        _ arguments: [String],
        environment: [String] = [],
        _ file: URL? = nil
    ) async throws -> Outcome {
        let all = ["-u", "COLUMNS"] + environment + [(file ?? launcher).path] + arguments
        return try await Running(all, of: URL(filePath: "/usr/bin/env"), in: folder).outcome()
    }

    @Test(
        "prints the program's own help without running it",
        arguments: [
            [], ["--help"], ["help"], ["--version"], ["policy", "-h"], ["help", "policy", "train"],
            ["data", "info", "--help"], ["serve", "--help"],
        ]
    )
    func pages(arguments: [String]) async throws {
        let outcome = try await launch(arguments)
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        #expect(try await outcome.output == Program.output(arguments, in: folder))
    }

    @Test("there is a page of every command that the program lists")
    func everyCommand() async throws {
        let tool = try await Program.object(["--experimental-dump-help"], in: folder)
        func names(_ command: [String: Any], _ path: String) -> [String] {
            let name = path + (command["commandName"] as? String ?? "")
            let children = command["subcommands"] as? [[String: Any]] ?? []
            let shown = children.filter { $0["shouldDisplay"] as? Bool == true }
            return [name] + shown.flatMap { names($0, name + "-") }
        }
        let command = try #require(tool["command"] as? [String: Any])
        let expected = names(command, "").filter { !$0.hasSuffix("-help") }
        let pages = installation.appending(path: "bin/libexec/help/080").path
        #expect(expected.count > 30)
        #expect(try FileManager.default.contentsOfDirectory(atPath: pages).sorted() == expected.sorted())
    }

    @Test("lines are as wide as the terminal; a narrow one's are left to the program")
    func widths() async throws {
        let wide = try await launch(["serve", "--help"], environment: ["COLUMNS=130"])
        let widest = try #require(wide.output.split(separator: "\n").map(\.count).max())
        #expect((101 ... 120).contains(widest), "\(wide.output)")
        #expect(try await launch(["--help"], environment: ["COLUMNS=60"]).output.hasPrefix("<--help>"))
    }

    @Test(
        "runs the program with everything else, as it was given",
        arguments: [
            ["policy"], ["frobnicate", "--help"], ["policy-train", "--help"], ["help", "nothing"],
            ["--help", "policy"], ["policy", "train", "--data", "x", "--help"], ["a b", "", "q\"$x", "*"],
        ]
    )
    func program(arguments: [String]) async throws {
        let outcome = try await launch(arguments)
        #expect(outcome.output.hasPrefix(arguments.map { "<\($0)>" }.joined() + " "), "\(outcome.output)")
        #expect(outcome.status == 3)
    }

    @Test("lets threads spin briefly, unless the environment says otherwise")
    func waiting() async throws {
        let free = ["-u", "OMP_WAIT_POLICY", "-u", "GOMP_SPINCOUNT"]
        #expect(try await launch(["x"], environment: free).output == "<x> 10000\n")
        let own = ["-u", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT=7"]
        #expect(try await launch(["x"], environment: own).output == "<x> 7\n")
        #expect(try await launch(["x"], environment: ["OMP_WAIT_POLICY=active"]).output == "<x> none\n")
    }

    @Test("works through a link, as it is installed, and becomes the program, which gets its signals")
    func link() async throws {
        let link = folder.appending(path: "faster")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: launcher)
        #expect(try await launch(["--help"], link).output.hasPrefix("OVERVIEW: "))
        let waiting = try Running(["wait"], of: link, in: folder)
        _ = try await waiting.said(/process \d+/)
        waiting.kill()
        #expect(try await waiting.outcome().wasKilled)
    }
}
