import Dispatch
import Foundation

/// A Python program of `Benchmarks/Peers` that measures when it is asked, so that its turns lie between ours.
final class Peer {
    /// An environment that `Scripts/bootstrap` makes.
    enum Environment: String {
        /// torch, lerobot and PyAV; `make benchmark` sets it up.
        case peers
        /// openpi's client and what else a simulator needs.
        case python
    }

    /// Root of the package.
    static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// First line of the program: its versions, or the address that it listens on.
    let greeting: String

    private let script: String
    private let process = Process()
    private let ended = DispatchSemaphore(value: 0)
    private let input = Pipe()
    private let output = Pipe()

    /// Starts `Benchmarks/Peers/<script>` and waits until it is ready.
    ///
    /// - Throws: ``PeerError`` when the environment is missing or the program ends.
    init(_ script: String, in environment: Environment, threads: Int, _ arguments: [String] = []) throws {
        self.script = script
        let python = Self.packageRoot.appending(path: ".deps/\(environment.rawValue)/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python.path) else {
            throw PeerError(description: "\(python.path) is missing; run Scripts/bootstrap --peers")
        }
        process.executableURL = python
        process.arguments =
            [Self.packageRoot.appending(path: "Benchmarks/Peers/\(script)").path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["OMP_NUM_THREADS": String(threads), "HF_HUB_OFFLINE": "1"]
        ) { _, ours in ours }
        process.standardInput = input
        process.standardOutput = output
        let ended = self.ended
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        greeting = try Self.line(from: output, script)
    }

    /// Closes the program's standard input, which ends it; a signal would not reach it, as it inherits the mask of
    /// the thread that started it.
    deinit {
        try? input.fileHandleForWriting.close()
        if process.isRunning { ended.wait() }
    }

    /// Lets the program repeat what it calls `name` for at least `seconds`: what one call took.
    func turn(_ name: String, least seconds: Double) throws -> Turn {
        try input.fileHandleForWriting.write(contentsOf: Data("\(name) \(seconds)\n".utf8))
        let reply = try Self.line(from: output, script)
        let times = reply.split(separator: " ").compactMap { Double($0) }
        guard let seconds = times.first else {
            throw PeerError(description: "\(script): expected seconds, found '\(reply)'")
        }
        return Turn(seconds: seconds, processorSeconds: times.dropFirst().first)
    }

    /// Lets the program repeat what it calls `name` for at least `seconds`: seconds of one call.
    func seconds(_ name: String, least seconds: Double) throws -> Double {
        try turn(name, least: seconds).seconds
    }

    /// A figure other than a time that the program measures under a name.
    func value(_ name: String) throws -> Double { try seconds(name, least: 0) }

    /// Runs a Python program of the package to its end.
    ///
    /// - Throws: ``PeerError`` when it fails.
    static func run(_ script: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = packageRoot.appending(path: ".deps/peers/bin/python")
        process.arguments = [packageRoot.appending(path: script).path] + arguments
        process.standardOutput = FileHandle.standardError
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw PeerError(description: "\(script) failed; what it wrote above says why")
        }
    }

    private static func line(from pipe: Pipe, _ script: String) throws -> String {
        var line = Data()
        while let byte = try pipe.fileHandleForReading.read(upToCount: 1), let first = byte.first {
            if first == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(first)
        }
        throw PeerError(description: "\(script) ended; what it wrote above says why")
    }
}

/// A peer that does not reply.
struct PeerError: Error, CustomStringConvertible {
    /// The error in a sentence.
    let description: String
}
