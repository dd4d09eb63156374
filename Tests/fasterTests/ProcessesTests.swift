import Foundation
import Safetensors
import TemporaryFolder
import Testing

@Suite("Trainings in several processes", .serialized, .timeLimit(.minutes(10)))
struct ProcessesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A policy's training, whose steps are proportional to the gradients, so that rounding is not magnified.
    private func training(_ head: String, steps: Int, to out: String, _ more: String...) async throws
        -> [String]
    {
        let tokenizer = try await Workshop.run.value.appending(path: "tokenizer").path
        let settings = [
            "optimization.batchSize=8", "optimization.optimizer.epsilon=100",
            "optimization.optimizer.learningRate=10",
            "optimization.optimizer.weightDecay=0", "optimization.warmUpSteps=0",
            "optimization.checkpointEvery=2",
            "augmentation.shift=0", "augmentation.brightness=0", "augmentation.contrast=0",
            "positionGaps.deviation=0",
        ]
        return ["policy", "train", "--data", Program.demonstrations, "--episodes", "0:1", "--out", out]
            + ["--steps", "\(steps)", "--head", head, "--threads", "1"] + Workshop.policySettings
            + (head == "regression" ? [] : ["--tokenizer", tokenizer])
            + settings.flatMap { ["--set", $0] } + more
    }

    private func weights(_ policy: String) throws -> [Float] {
        let file = try SafetensorsFile(reading: folder.appending(path: "\(policy)/model.safetensors"))
        return try file.entries.filter { $0.value.dtype == "F32" }.keys.sorted().flatMap { name in
            try file.withBytes(of: name) { Array($0.bindMemory(to: Float.self)) }
        }
    }

    private func largestDifference(_ one: String, _ other: String) throws -> Float {
        let (one, other) = (try weights(one), try weights(other))
        try #require(one.count == other.count && one.count > 1000)
        return zip(one, other).map { abs($0 - $1) }.max() ?? 0
    }

    @Test(
        "of 2 and 4 have the weights of one process on the whole batch",
        arguments: ["regression", "blocks"]
    )
    func equal(head: String) async throws {
        for (out, steps, processes) in [("start", 0, 1), ("one", 6, 1), ("two", 6, 2), ("four", 6, 4)] {
            let more = ["--processes", "\(processes)"]
            _ = try await Program.output(training(head, steps: steps, to: out) + more, in: folder)
        }
        let moved = try largestDifference("start", "one")
        #expect(moved > 0.01)
        #expect(try largestDifference("one", "two") < 1e-5 * moved)
        #expect(try largestDifference("one", "four") < 1e-5 * moved)
        // Only rank 0 writes, once.
        for out in ["one", "two", "four"] {
            let lines = String(decoding: try folder["\(out)/metrics.jsonl"], as: UTF8.self).split(
                separator: "\n"
            )
            #expect(lines.count == 2, "\(lines)")
        }
    }

    @Test(
        "have its weights, too, when they and it accumulate gradients over parts of the batch",
        arguments: ["regression", "blocks"]
    )
    func accumulated(head: String) async throws {
        for (out, steps, processes, parts) in [
            ("start", 0, 1, 1), ("whole", 6, 1, 1), ("one", 6, 1, 4), ("two", 6, 2, 2),
        ] {
            let more = ["--processes", "\(processes)", "--set", "optimization.accumulationSteps=\(parts)"]
            _ = try await Program.output(training(head, steps: steps, to: out) + more, in: folder)
        }
        let moved = try largestDifference("start", "whole")
        #expect(moved > 0.01)
        #expect(try largestDifference("whole", "one") < 1e-5 * moved)
        #expect(try largestDifference("whole", "two") < 1e-5 * moved)
    }

    @Test("with a divided optimizer have the weights of undivided ones, and leave the same checkpoint")
    func sharded() async throws {
        let average = ["--set", "optimization.emaDecay=0.9"]
        // A validation measures the averages, of which each process has a part.
        let settings =
            [
                "--set", "optimization.optimizer.epsilon=1e-8",
                "--set", "optimization.optimizer.learningRate=1e-3",
                "--held-out", "2", "--set", "validateEvery=4", "--set", "optimization.logEvery=1",
            ] + average
        func two(_ out: String, _ more: String...) async throws -> [String] {
            try await training("blocks", steps: 9, to: out, "--processes", "2") + settings + more
        }
        _ = try await Program.output(two("plain"), in: folder)
        _ = try await Program.output(two("sharded", "--shard-optimizer"), in: folder)
        #expect(try folder["plain/model.safetensors"] == folder["sharded/model.safetensors"])
        #expect(try validations("plain").count == 2 && validations("plain") == validations("sharded"))
        // Other numbers of processes go on from the checkpoint of two that were killed.
        for (out, more) in [("four", ["--processes", "4", "--shard-optimizer"]), ("one", [])] {
            let arguments = try await training("blocks", steps: 30, to: out) + average
            _ = try await killed(1, of: arguments + ["--processes", "2", "--shard-optimizer"], to: out)
            let rest = arguments + more + ["--resume"]
            let outcome = try await Program.run(rest, in: folder)
            #expect(outcome.status == 0 && !outcome.errors.contains("policy  1/"), "\(outcome.errors)")
        }
        _ = try await Program.output(training("blocks", steps: 0, to: "start"), in: folder)
        _ = try await Program.output(training("blocks", steps: 30, to: "whole") + average, in: folder)
        let moved = try largestDifference("start", "whole")
        #expect(moved > 0.01)
        for out in ["four", "one"] { #expect(try largestDifference("whole", out) < 1e-5 * moved) }
    }

    /// The losses that validations measured.
    private func validations(_ policy: String) throws -> [Double] {
        try folder["\(policy)/metrics.jsonl"].split(separator: UInt8(ascii: "\n")).compactMap {
            try JSONDecoder().decode([String: Double].self, from: Data($0))["validation_loss"]
        }
    }

    /// The end of a training of two ranks, one of which is killed after the first checkpoint.
    private func killed(_ victim: Int, of training: [String], to out: String) async throws -> Outcome {
        let running = try Running(training, in: folder)
        let said = try await running.said(/are the processes ([0-9]+) ([0-9]+)/)
        let ranks = [said.1, said.2].compactMap { pid_t(String($0)) }
        let checkpoint = folder.appending(path: "\(out)/checkpoint.safetensors")
        while !FileManager.default.fileExists(atPath: checkpoint.path) {
            try await Task.sleep(for: .milliseconds(1))
        }
        kill(ranks[victim], SIGKILL)
        let outcome = try await running.outcome()
        #expect(outcome.status == 1)
        #expect(kill(ranks[1 - victim], 0) == -1, "the other rank still runs")
        return outcome
    }

    @Test("repeat to the bit, resume after a rank was killed, which is named, and go on as one process")
    func killed() async throws {
        let settings = ["--set", "optimization.optimizer.epsilon=1e-8", "--set", "augmentation.shift=2"]
        func two(_ out: String, steps: Int) async throws -> [String] {
            try await training("blocks", steps: steps, to: out, "--processes", "2") + settings
        }
        _ = try await Program.output(two("whole", steps: 30), in: folder)
        _ = try await Program.output(two("again", steps: 30), in: folder)
        #expect(try folder["whole/model.safetensors"] == folder["again/model.safetensors"])

        for (victim, out) in [(0, "first"), (1, "second")] {
            let outcome = try await killed(victim, of: two(out, steps: 30), to: out)
            // The other one may notice first.
            #expect(
                outcome.errors.contains(
                    /Error: rank [01] of 2 ended with (signal 9|exit status 1); the others were ended/
                )
            )
            #expect(!folder.paths.contains("\(out)/config.json"))
        }
        let resumed = try await Program.run(two("first", steps: 30) + ["--resume"], in: folder)
        #expect(resumed.status == 0 && !resumed.errors.contains("policy  1/"), "\(resumed.errors)")
        #expect(try folder["first/model.safetensors"] == folder["whole/model.safetensors"])

        let alone = try await training("blocks", steps: 30, to: "second", "--resume") + settings
        let outcome = try await Program.run(alone, in: folder)
        #expect(outcome.status == 0 && !outcome.errors.contains("policy  1/"), "\(outcome.errors)")
        #expect(folder.paths.contains("second/config.json"))
    }

    @Test("end with an error that names a rank which has fallen silent", arguments: [0, 1])
    func silent(victim: Int) async throws {
        let running = try Running(
            try await training("regression", steps: 100_000, to: "silent", "--processes", "2"),
            environment: ["FASTER_RANK_SILENCE": "3"],
            in: folder
        )
        let said = try await running.said(/are the processes ([0-9]+) ([0-9]+)/)
        let ranks = [said.1, said.2].compactMap { pid_t(String($0)) }
        defer { kill(ranks[victim], SIGKILL) }
        let checkpoint = folder.appending(path: "silent/checkpoint.safetensors")
        while !FileManager.default.fileExists(atPath: checkpoint.path) {
            try await Task.sleep(for: .milliseconds(1))
        }
        // A pause that is shorter is no failure.
        kill(ranks[victim], SIGSTOP)
        try await Task.sleep(for: .seconds(1))
        kill(ranks[victim], SIGCONT)
        let before = try Data(contentsOf: checkpoint)
        while try Data(contentsOf: checkpoint) == before { try await Task.sleep(for: .milliseconds(1)) }
        kill(ranks[victim], SIGSTOP)
        let outcome = try await running.outcome()
        #expect(outcome.status == 1)
        let other = 1 - victim
        #expect(
            outcome.errors.contains(
                "rank \(other) of 2 lost the others: rank \(victim) has given no sign of life for 3 s"
            ),
            "\(outcome.errors)"
        )
        #expect(outcome.errors.contains("Error: rank \(other) of 2 ended with exit status 1"))
    }

    @Test("refuse a batch that they cannot share, and variables that are incomplete")
    func refused() async throws {
        #expect(
            try await Program.refusal(
                training("regression", steps: 2, to: "odd", "--processes", "3"),
                in: folder
            )
                == "recipe: 'optimization.batchSize' should be a multiple of 3, the number of processes, which share a batch evenly, found 8"
        )
        #expect(
            try await Program.refusal(
                training("regression", steps: 2, to: "odd", "--processes", "2")
                    + ["--set", "optimization.accumulationSteps=8"],
                in: folder
            )
                == "recipe: 'optimization.batchSize' should be a multiple of 16, the number of processes times that of accumulation steps, which share a batch evenly, found 8"
        )
        #expect(
            try await Program.refusal(
                ["policy", "train", "--data", "x", "--out", "y", "--processes", "0"],
                in: folder
            ) == "--processes: expected at least 1, found 0"
        )
    }
}
