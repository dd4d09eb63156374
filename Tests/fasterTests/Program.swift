import Foundation
import PythonPeer
import Testing

/// The built program, run as a process of its own from a folder that is not the repository.
enum Program {
    /// Beside the tests' own executable.
    static let url = (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]))
        .resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "faster")

    /// The shipped demonstrations.
    static let demonstrations = PythonPeer.packageRoot.appending(path: "Examples/metaworld-mini").path

    /// Runs `faster` to its end.
    static func run(_ arguments: [String], in folder: TemporaryFolder) async throws -> Outcome {
        try await Running(arguments, in: folder).outcome()
    }

    /// Runs a command that has to succeed, and gives what it printed.
    static func output(_ arguments: [String], in folder: TemporaryFolder) async throws -> String {
        let outcome = try await run(arguments, in: folder)
        try #require(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return outcome.output
    }

    /// Runs a command that has to succeed, and reads the JSON object that it printed.
    static func object(_ arguments: [String], in folder: TemporaryFolder) async throws -> [String: Any] {
        let outcome = try await run(arguments, in: folder)
        try #require(outcome.status == 0, "\(arguments): \(outcome.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        return try #require(object as? [String: Any])
    }

    /// Runs a command that has to fail, and gives its one message.
    ///
    /// Whatever it did, no file or folder may be more or less than before.
    static func refusal(_ arguments: [String], in folder: TemporaryFolder) async throws -> String {
        let before = folder.paths
        let outcome = try await run(arguments, in: folder)
        #expect(!outcome.wasKilled && outcome.status != 0, "\(arguments) ended with \(outcome.status)")
        #expect(folder.paths == before)
        #expect(outcome.output.isEmpty)
        let lines = outcome.errors.split(separator: "\n")
        let messages = lines.filter { $0.hasPrefix("Error: ") }
        #expect(messages.count == 1, "\(outcome.errors)")
        for trace in ["Fatal error", "Swift/", "Stack dump", "Error Domain", "NSUnderlying"] {
            #expect(!outcome.errors.contains(trace), "\(outcome.errors)")
        }
        return messages.first.map { String($0.dropFirst("Error: ".count)) } ?? outcome.errors
    }
}

/// How a process ended.
struct Outcome {
    let status: Int32
    let wasKilled: Bool
    let output: String
    let errors: String
}

/// The program at work.
final class Running: Sendable {
    private let process = Process()
    private let log: TemporaryFolder
    private let ended: Task<Void, Never>

    init(_ arguments: [String], in folder: TemporaryFolder) throws {
        log = try TemporaryFolder()
        let (output, errors) = (log.url.appending(path: "out"), log.url.appending(path: "err"))
        try Data().write(to: output)
        try Data().write(to: errors)
        process.executableURL = Program.url
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"]
        ) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in continuation.finish() }
        ended = Task { for await _ in stream {} }
        try process.run()
    }

    /// Ends the process as a power cut would.
    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

    /// Waits for the end.
    func outcome() async throws -> Outcome {
        await ended.value
        func text(_ name: String) throws -> String {
            try String(contentsOf: log.url.appending(path: name), encoding: .utf8)
        }
        return Outcome(
            status: process.terminationStatus,
            wasKilled: process.terminationReason == .uncaughtSignal,
            output: try text("out"),
            errors: try text("err")
        )
    }
}

/// A folder that is removed with its owner.
final class TemporaryFolder: Sendable {
    let url: URL

    init(in parent: URL = FileManager.default.temporaryDirectory) throws {
        url = parent.appending(path: "faster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    /// Everything below, hidden files included.
    var paths: Set<String> {
        let names = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String }
        return Set(names ?? [])
    }

    /// The content of a file below.
    subscript(path: String) -> Data {
        get throws { try Data(contentsOf: url.appending(path: path)) }
    }

    /// Copies a file or folder to a path below, where it may be damaged.
    func copy(_ source: String, to path: String) throws {
        try FileManager.default.copyItem(atPath: source, toPath: url.appending(path: path).path)
    }

    /// Writes `text` to a file below.
    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: url.appending(path: path))
    }

    /// Changes the bytes of a file below.
    func change(_ path: String, _ body: (Data) -> Data) throws {
        try body(try self[path]).write(to: url.appending(path: path))
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
