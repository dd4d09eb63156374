import Foundation
import TemporaryFolder
import Testing
import Torch

/// Ranks that fail without ending; times of waiting are a fifteenth of the program's.
@Suite("Ranks that stand still or do not come", .serialized, .timeLimit(.minutes(10)))
struct FailedRanksTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Seconds without a sign of life after which a rank has failed; ten times as long for one that does not come, twenty times for
    /// one that hangs.
    private static let silence = 2

    private func training(_ data: String = Program.demonstrations, _ more: String...) -> [String] {
        ["policy", "train", "--data", data, "--episodes", "0:1", "--out", "out", "--steps", "100000"]
            + ["--head", "regression", "--threads", "1"] + Workshop.policySettings
            + ["--set", "optimization.batchSize=8", "--set", "optimization.checkpointEvery=2"] + more
    }

    /// A rank as a launcher of several machines starts it.
    private func rank(_ rank: Int, of size: Int, port: Int, _ arguments: [String]) throws -> Running {
        let environment = [
            "RANK": "\(rank)", "WORLD_SIZE": "\(size)", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
            "FASTER_RANK_SILENCE": "\(Self.silence)",
        ]
        return try Running(arguments, environment: environment, in: folder)
    }

    /// A file that never answers those who open it, as one on a dead disk.
    private func makeDead(_ file: String) throws {
        let path = folder.appending(path: file).path
        try? FileManager.default.removeItem(atPath: path)
        try #require(mkfifo(path, 0o600) == 0)
    }

    private let hang =
        "hangs: for 40 s it has neither computed, nor read or written, nor waited for the others; it is deadlocked, or a file system does not answer"

    @Test("end the training when rank 0 hangs at a checkpoint on a dead disk, though it lives")
    func checkpoint() async throws {
        let running = try Running(
            training() + ["--processes", "2"],
            environment: ["FASTER_RANK_SILENCE": "\(Self.silence)"],
            in: folder
        )
        let said = try await running.said(/are the processes ([0-9]+) ([0-9]+)/)
        let checkpoint = folder.appending(path: "out/checkpoint.safetensors")
        while !FileManager.default.fileExists(atPath: checkpoint.path) {
            try await Task.sleep(for: .milliseconds(1))
        }
        // The name under which a checkpoint is written before it is renamed.
        let partial = "out/.checkpoint.safetensors.partial-\(said.1)"
        while true {
            let path = folder.appending(path: partial).path
            if mkfifo(path, 0o600) == 0 { break }
            try #require(errno == EEXIST)
        }
        let outcome = try await running.outcome()
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("rank 0 \(hang)"), "\(outcome.errors)")
        for rank in [said.1, said.2] { #expect(kill(try #require(pid_t(String(rank))), 0) == -1, "\(rank)") }
    }

    @Test("end the training when another rank hangs at a dataset on a dead disk, and that rank as well")
    func dataset() async throws {
        try folder.copy(Program.demonstrations, to: "data")
        let tables = folder.paths.filter { $0.hasPrefix("data/data/") && $0.hasSuffix(".parquet") }
        try #require(!tables.isEmpty)
        for table in tables { try makeDead(table) }
        let port = try LoopbackPort.unused()
        let (first, second) = (
            try rank(0, of: 2, port: port, training()), try rank(1, of: 2, port: port, training("data"))
        )
        let (working, hanging) = (try await first.outcome(), try await second.outcome())
        #expect(working.status == 1 && hanging.status == 1)
        #expect(
            working.errors.contains("Error: rank 0 of 2 lost the others: rank 1 \(hang)"),
            "\(working.errors)"
        )
        #expect(hanging.errors.contains("Error: rank 1 \(hang)"), "\(hanging.errors)")
    }

    @Test("are named where they do not come, with the number of those that have")
    func missing() async throws {
        let port = try LoopbackPort.unused()
        let ranks = try [0, 2].map { try rank($0, of: 3, port: port, training()) }
        for (number, rank) in zip([0, 2], ranks) {
            let outcome = try await rank.outcome()
            #expect(outcome.status == 1)
            #expect(
                outcome.errors.contains(
                    "Error: rank \(number) cannot join 3 processes at 127.0.0.1:\(port): 2 of 3 have joined within 20 s; missing: 1\n"
                ),
                "\(outcome.errors)"
            )
        }
    }
}
