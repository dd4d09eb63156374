import ArgumentParser
import Foundation
import Torch

/// The processes of a training.
struct ProcessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Processes on this machine that share every batch. On several machines, start the command with torchrun or Slurm, which set RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT.",
            valueName: "count"
        )
    )
    var processes = 1

    func validate() throws {
        try atLeastOne(processes, "--processes")
        _ = try settings()
    }

    /// True in the process that was asked for several, which only starts them.
    var isLauncher: Bool {
        get throws { try processes > 1 && settings() == nil }
    }

    /// Runs the command in as many processes, to the end of all.
    ///
    /// - Parameter threads: Threads of each; nil for its part of the machine's cores.
    /// - Throws: `LocalProcesses.Failure`.
    func launch(threads: Int?) async throws {
        try await LocalProcesses(count: processes).run(
            threads: threads ?? max(1, Torch.threadCount / processes)
        )
    }

    /// This process's place among those of a launcher; nil for a training in one process.
    ///
    /// - Throws: `ValidationError` for variables that are incomplete or no numbers.
    func settings() throws -> ProcessGroup.Settings? {
        try Self.settings(ProcessInfo.processInfo.environment)
    }

    /// The place that torchrun's variables, or Slurm's, describe.
    static func settings(_ environment: [String: String]) throws -> ProcessGroup.Settings? {
        guard let size = try number("WORLD_SIZE", or: "SLURM_NTASKS", environment), size > 1 else {
            return nil
        }
        guard let address = environment["MASTER_ADDR"], !address.isEmpty else {
            // A Slurm job of several tasks that says nothing of a group has other tasks in mind.
            if environment["WORLD_SIZE"] == nil { return nil }
            throw ValidationError("MASTER_ADDR: expected the host of rank 0, as WORLD_SIZE is \(size)")
        }
        guard let rank = try number("RANK", or: "SLURM_PROCID", environment), (0 ..< size).contains(rank)
        else {
            throw ValidationError("RANK: expected 0 ..< \(size), which is WORLD_SIZE")
        }
        guard let port = try number("MASTER_PORT", or: nil, environment), (1 ... 65_535).contains(port) else {
            throw ValidationError("MASTER_PORT: expected a port where rank 0 listens, 1 ... 65535")
        }
        let isLocal = address == "localhost" || address.hasPrefix("127.")
        return .init(
            rank: rank,
            size: size,
            address: address,
            port: port,
            interface: isLocal ? "127.0.0.1" : ""
        )
    }

    private static func number(
        _ name: String,
        or other: String?,
        _ environment: [String: String]
    ) throws -> Int? {
        guard let text = environment[name] ?? other.flatMap({ environment[$0] }) else { return nil }
        guard let number = Int(text) else {
            throw ValidationError("\(name): expected a whole number, found '\(text)'")
        }
        return number
    }

    /// Joins the other processes, of which rank 0 speaks; nil for a training in one.
    ///
    /// - Throws: `ProcessGroupError`, `ValidationError`.
    func join() throws -> ProcessGroup? {
        guard let settings = try settings() else { return nil }
        LocalProcesses.endWithLauncher()
        Terminal.isQuiet = settings.rank > 0
        Terminal.say("\(settings.size) processes share every batch")
        let silence = ProcessInfo.processInfo.environment[Self.silenceKey].flatMap(Int.init)
        return try ProcessGroup(settings, silence: .seconds(silence ?? 30))
    }

    /// Seconds without a sign of life after which a rank has failed, for tests.
    private static let silenceKey = "FASTER_RANK_SILENCE"
}
