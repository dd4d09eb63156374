import Foundation
import Synchronization

/// A running process of a simulator's client.
struct SimulatorProcess: Sendable {
    /// Lines of standard output, as they come.
    ///
    /// Ends by throwing ``SimulatorError/failed(simulator:status:output:)`` when the process fails, and
    /// ``SimulatorError/crashed(simulator:signal:output:)`` when a signal ends it.
    /// A cancelled reader ends the process.
    let lines: AsyncThrowingStream<String, any Error>

    private let process: Process

    /// Starts `simulator` with `arguments`.
    init(simulator: Simulator, arguments: [String]) throws(SimulatorError) {
        let process = Process()
        process.executableURL = simulator.python
        // Without -P, a package of that name in the working directory would be run instead.
        process.arguments = ["-P", "-m", Simulator.package, simulator.name, "--watch-parent"] + arguments
        process.environment = Self.environment(modules: simulator.root)
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do {
            try process.run()
        } catch {
            throw .notStarted(command: simulator.python.path, reason: error.localizedDescription)
        }
        self.process = process
        let errorOutput = StandardErrorTail(reading: errors.fileHandleForReading)
        lines = AsyncThrowingStream { continuation in
            continuation.onTermination = { reason in
                if case .cancelled = reason { process.end() }
            }
            DispatchQueue.global().async {
                forEachLine(of: output.fileHandleForReading) { continuation.yield($0) }
                ended.wait()
                // The parent watchdog: the client ends when this pipe closes, as it does when this program is killed.
                withExtendedLifetime(input) {}
                let (name, status) = (simulator.name, process.terminationStatus)
                guard status != 0 else { return continuation.finish() }
                continuation.finish(
                    throwing: process.terminationReason == .uncaughtSignal
                        ? SimulatorError.crashed(simulator: name, signal: status, output: errorOutput.text)
                        : SimulatorError.failed(simulator: name, status: status, output: errorOutput.text)
                )
            }
        }
    }

    /// Ends the process if it still runs.
    func end() { process.end() }

    /// One thread a process: cores are shared with the policy's server and with other simulators.
    private static func environment(modules: URL) -> [String: String] {
        var result = ProcessInfo.processInfo.environment
        result["MUJOCO_GL"] = result["MUJOCO_GL"] ?? "egl"
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"] { result[name] = "1" }
        result["PYTHONDONTWRITEBYTECODE"] = "1"
        result["PYTHONPATH"] = [modules.path, result["PYTHONPATH"]].compactMap { $0 }.joined(separator: ":")
        return result
    }
}

extension Process {
    /// Threads of Swift's pool block signals, and a child inherits that: only this one always arrives.
    fileprivate func end() {
        if isRunning { kill(processIdentifier, SIGKILL) }
    }
}

/// The last lines that a process writes to standard error.
private final class StandardErrorTail: Sendable {
    private static let lineCount = 20
    private let tail = Mutex<[String]>([])
    private let isComplete = DispatchGroup()

    init(reading handle: FileHandle) {
        isComplete.enter()
        DispatchQueue.global().async {
            forEachLine(of: handle) { line in self.tail.withLock { $0 = ($0 + [line]).suffix(Self.lineCount) }
            }
            self.isComplete.leave()
        }
    }

    /// Waits for the end of the output.
    var text: String {
        isComplete.wait()
        return tail.withLock { $0.joined(separator: "\n") }
    }
}

/// Calls `body` with every line of `file` as soon as it is complete, until the end.
private func forEachLine(of file: FileHandle, _ body: (String) -> Void) {
    var rest: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        // FileHandle's own methods wait for a full buffer, or trap on errors.
        let count = read(file.fileDescriptor, &buffer, buffer.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        rest += buffer[..<count]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            body(String(decoding: rest[..<end], as: UTF8.self))
            rest.removeSubrange(...end)
        }
    }
    if !rest.isEmpty { body(String(decoding: rest, as: UTF8.self)) }
}
