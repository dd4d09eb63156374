import ArgumentParser
import Foundation
import Torch

/// The processes of a training.
struct ProcessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Processes on this machine that share the work: every batch of a training, the files or chunks of a dataset. On several machines, start the command with torchrun or Slurm, which set RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT.",
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

    /// Runs a training in as many processes, to the end of all.
    ///
    /// - Parameter threads: Threads of each; nil for its part of the machine's cores.
    /// - Throws: `LocalProcesses.Failure`.
    func launch(threads: Int?) async throws {
        do {
            try await LocalProcesses(count: processes).run(
                threads: threads ?? max(1, Torch.threadCount / processes)
            )
        } catch let failure as LocalProcesses.Failure where failure.rank != nil {
            throw LocalProcesses.Failure(
                description: "\(failure). --resume continues from the last checkpoint"
            )
        }
    }

    /// Runs a command that examines something in as many processes; with the exit status of rank 0, which has said why.
    ///
    /// - Throws: `LocalProcesses.Failure`, `ExitCode`.
    func launchExamination(threads: Int? = nil) async throws {
        do {
            try await LocalProcesses(count: processes).run(
                threads: threads ?? max(1, Torch.threadCount / processes)
            )
        } catch let failure as LocalProcesses.Failure where failure.rank == 0 {
            guard let status = failure.status else { throw failure }
            throw ExitCode(status)
        }
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

    /// This process's position among those of its machine; nil where a launcher says nothing of it.
    var localRank: Int? {
        get throws {
            try Self.number("LOCAL_RANK", or: "SLURM_LOCALID", ProcessInfo.processInfo.environment)
        }
    }

    /// Number of processes on this machine, as far as the launcher says.
    var localCount: Int {
        get throws { try Self.localCount(ProcessInfo.processInfo.environment) }
    }

    /// The number that torchrun's variable, or Slurm's, describes.
    static func localCount(_ environment: [String: String]) throws -> Int {
        max(1, try number("LOCAL_WORLD_SIZE", or: "SLURM_NTASKS_PER_NODE", environment) ?? 1)
    }

    /// Joins the other processes, of which rank 0 speaks; nil for a training in one.
    ///
    /// - Throws: `ProcessGroupError`, `ValidationError`.
    func join(on device: Device = .cpu) throws -> ProcessGroup? {
        guard let settings = try settings() else { return nil }
        LocalProcesses.endWithLauncher()
        Terminal.isQuiet = settings.rank > 0
        Terminal.say("\(settings.size) processes share the work")
        let silence = ProcessInfo.processInfo.environment[Self.silenceKey].flatMap(Int.init) ?? 30
        return try ProcessGroup(settings, device: device, timeout: 10 * silence, silence: .seconds(silence))
    }

    /// Seconds without a sign of life after which a rank has failed, for tests; other times of waiting are in proportion.
    private static let silenceKey = "FASTER_RANK_SILENCE"
}

extension ProcessGroup? {
    /// Position of this process, and the number of processes.
    var place: (rank: Int, size: Int) { (self?.rank ?? 0, self?.size ?? 1) }

    /// The parts of all processes, in the order of ranks.
    ///
    /// - Throws: `ProcessGroupError`, and the errors of coders.
    func gathered<Part: Codable>(_ part: Part) throws -> [Part] {
        guard let self else { return [part] }
        return try self.gather(Array(JSONEncoder().encode(part))).map {
            try JSONDecoder().decode(Part.self, from: Data($0))
        }
    }
}
