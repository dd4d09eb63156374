import Foundation
import PythonPeer
import TemporaryFolder
import Testing

/// The built program, run as a process of its own from a folder that is not the repository.
enum Program {
    static let url = executable("faster")

    /// A program of the package, beside the tests' own executable.
    static func executable(_ name: String) -> URL {
        (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]))
            .resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name)
    }

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

/// Exit status and output of a process.
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

    init(
        _ arguments: [String],
        of program: URL = Program.url,
        environment: [String: String] = [:],
        in folder: TemporaryFolder
    ) throws {
        log = try TemporaryFolder()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"].merging(environment) { $1 }
        ) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: log.write("", to: "out"))
        process.standardError = try FileHandle(forWritingTo: log.write("", to: "err"))
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in continuation.finish() }
        ended = Task { for await _ in stream {} }
        try process.run()
    }

    /// Ends the process as a power cut would, once `file` is there.
    ///
    /// A process that ends by itself before is a test that was set up wrongly, and fails at once with what it said.
    func kill(onceThereIs file: URL) async throws {
        while !FileManager.default.fileExists(atPath: file.path) {
            guard process.isRunning else {
                let outcome = try await outcome()
                throw EndedEarly(
                    description: "ended with \(outcome.status) before \(file.path): \(outcome.errors)"
                )
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        Foundation.kill(process.processIdentifier, SIGKILL)
        guard try await outcome().wasKilled else {
            throw EndedEarly(description: "was finished before it could be killed: give it more steps")
        }
    }

    /// Waits until standard error has what `pattern` matches, and gives it.
    ///
    /// A process that ends before fails at once with what it said.
    func said<Output>(_ pattern: some RegexComponent<Output>) async throws -> Output {
        while true {
            let isRunning = process.isRunning
            let errors = try String(contentsOf: log.appending(path: "err"), encoding: .utf8)
            if let match = errors.firstMatch(of: pattern.regex) { return match.output }
            guard isRunning else { throw EndedEarly(description: "ended: \(errors)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Ends the process at once.
    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

    /// Asks the process to end, as ctrl-C does.
    func interrupt() { Foundation.kill(process.processIdentifier, SIGINT) }

    /// A process that was to be killed, and was not.
    struct EndedEarly: Error, CustomStringConvertible {
        let description: String
    }

    /// Waits for the end.
    func outcome() async throws -> Outcome {
        await ended.value
        func text(_ name: String) throws -> String {
            try String(contentsOf: log.appending(path: name), encoding: .utf8)
        }
        return Outcome(
            status: process.terminationStatus,
            wasKilled: process.terminationReason == .uncaughtSignal,
            output: try text("out"),
            errors: try text("err")
        )
    }
}
