import Evaluation
import Foundation
import Synchronization
import Torch

/// The processes of a training on one machine: the program again, once a rank, with torchrun's variables.
struct LocalProcesses {
    /// A rank that ended with an error, by which all others were ended.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        /// The rank that has ended; nil where none was started.
        var rank: Int?

        /// Its exit status; nil where a signal ended it.
        var status: Int32?
    }

    /// Number of processes.
    let count: Int

    private static let launcherKey = "FASTER_LAUNCHER"

    /// Runs this program's own command in every process, to the end of all.
    ///
    /// - Parameter threads: Threads of every process.
    /// - Throws: ``Failure`` that names the rank when one of them fails; the others are ended before.
    func run(threads: Int) async throws {
        let port = try LoopbackPort.unused()
        let (ends, continuation) = AsyncStream.makeStream(of: Int.self)
        let logs = FileManager.default.temporaryDirectory.appending(path: "faster-ranks-\(getpid())")
        try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: logs) }
        func log(_ rank: Int) -> URL { logs.appending(path: "\(rank)") }
        let ranks = try (0 ..< count).map { rank in
            let process = makeProcess(of: rank, port: port, threads: threads)
            // Messages of several processes would mix letter by letter.
            if rank > 0 {
                try Data().write(to: log(rank))
                process.standardError = try FileHandle(forWritingTo: log(rank))
            }
            process.terminationHandler = { _ in continuation.yield(rank) }
            return process
        }
        for process in ranks { try process.run() }
        let numbers = ranks.map { "\($0.processIdentifier)" }.joined(separator: " ")
        Terminal.say("ranks 0 to \(count - 1) are the processes \(numbers)")
        let signals = Self.forwardSignals(to: ranks)
        defer { signals.forEach { $0.cancel() } }
        var left = count
        for await rank in ends {
            left -= 1
            let process = ranks[rank]
            guard process.terminationReason == .exit && process.terminationStatus == 0 else {
                await end(ranks)
                if rank > 0, let said = try? String(contentsOf: log(rank), encoding: .utf8) {
                    Terminal.write(said)
                }
                let how = process.terminationReason == .exit ? "exit status" : "signal"
                throw Failure(
                    description:
                        "rank \(rank) of \(count) ended with \(how) \(process.terminationStatus); the others were ended",
                    rank: rank,
                    status: process.terminationReason == .exit ? process.terminationStatus : nil
                )
            }
            if left == 0 { return }
        }
    }

    /// The program with the same command line, told its place by torchrun's variables.
    private func makeProcess(of rank: Int, port: Int, threads: Int) -> Process {
        let process = Process()
        process.executableURL = Installation.program
        process.arguments = Array(CommandLine.arguments.dropFirst())
        let place = [
            "RANK": "\(rank)", "LOCAL_RANK": "\(rank)", "WORLD_SIZE": "\(count)",
            "LOCAL_WORLD_SIZE": "\(count)",
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
            "OMP_NUM_THREADS": "\(threads)", Self.launcherKey: "\(getpid())",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(place) { $1 }
        return process
    }

    /// Ends the processes that still run, by force after some seconds.
    private func end(_ processes: [Process]) async {
        for process in processes where process.isRunning { process.terminate() }
        for _ in 0 ..< 50 where processes.contains(where: \.isRunning) {
            try? await Task.sleep(for: .milliseconds(100))
        }
        for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Passes ctrl-C and SIGTERM on, after which the run fails.
    private static func forwardSignals(to processes: [Process]) -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler {
                for process in processes where process.isRunning { process.terminate() }
            }
            source.resume()
            return source
        }
    }

    /// Ends this process when the launcher that started it is gone.
    static func endWithLauncher() {
        guard let text = ProcessInfo.processInfo.environment[launcherKey], let launcher = pid_t(text) else {
            return
        }
        Thread.detachNewThread {
            while getppid() == launcher { sleep(1) }
            exit(EXIT_FAILURE)
        }
    }
}
