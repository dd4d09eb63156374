import Foundation
import Safetensors
import TemporaryFolder
import Testing

@Suite("Tokenizers trained in several processes", .serialized, .timeLimit(.minutes(5)))
struct TokenizerProcessesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Arguments of a tokenizer's training, whose steps are proportional to the gradients, so that rounding is not magnified.
    private func arguments(
        _ out: String,
        steps: Int,
        processes: Int,
        _ more: [String],
        data: [String] = [Program.demonstrations]
    ) -> [String] {
        let settings = [
            "optimization.optimizer.epsilon=100", "optimization.optimizer.learningRate=10",
            "optimization.optimizer.weightDecay=0", "optimization.warmUpSteps=0", "quantizeAfter=2",
            "quantizer.decay=0.9", "quantizerDropout=0.3", "augmentation=columnwise", "validation.every=4",
        ]
        return ["tokenizer", "train", "--out", out, "--steps", "\(steps)"] + data.flatMap { ["--data", $0] }
            + ["--threads", "1", "--processes", "\(processes)"] + Workshop.tokenizerSettings
            + (settings + more).flatMap { ["--set", $0] }
    }

    private func training(_ out: String, steps: Int, processes: Int, _ more: String...) async throws {
        let arguments = arguments(out, steps: steps, processes: processes, more)
        _ = try await Program.output(arguments, in: folder)
    }

    private func tensors(_ tokenizer: String) throws -> [Float] {
        let file = try SafetensorsFile(reading: folder.appending(path: "\(tokenizer)/model.safetensors"))
        return try file.entries.filter { $0.value.dtype == "F32" }.keys.sorted().flatMap { name in
            try file.withBytes(of: name) { Array($0.bindMemory(to: Float.self)) }
        }
    }

    private func largestDifference(_ one: String, _ other: String) throws -> Float {
        let (one, other) = (try tensors(one), try tensors(other))
        try #require(one.count == other.count && one.count > 1000)
        return zip(one, other).map { abs($0 - $1) }.max() ?? 0
    }

    /// The batch of 30 is divided as 15 and 15, as 7, 8, 7 and 8, and in parts of 7 and 8 or of 5; chunks at an episode's end are masked
    /// in part.
    @Test(
        "have the weights, codebooks and metrics of one process on the whole batch, dead codes and dropout included"
    )
    func equal() async throws {
        let odd = "optimization.batchSize=30"
        try await training("start", steps: 1, processes: 1, odd)
        for (out, processes) in [("one", 1), ("two", 2), ("again", 2), ("four", 4)] {
            try await training(out, steps: 12, processes: processes, odd)
        }
        let moved = try largestDifference("start", "one")
        #expect(moved > 0.01)
        #expect(try largestDifference("one", "two") < 1e-5 * moved)
        #expect(try largestDifference("one", "four") < 1e-5 * moved)
        for (out, processes, parts) in [("parts", 1, 4), ("both", 2, 3)] {
            let accumulation = "optimization.accumulationSteps=\(parts)"
            try await training(out, steps: 12, processes: processes, odd, accumulation)
            #expect(try largestDifference("one", out) < 1e-5 * moved, "\(out)")
        }
        #expect(try folder["two/model.safetensors"] == folder["again/model.safetensors"])
        func metrics(_ out: String) throws -> [[String: Double]] {
            try folder["\(out)/metrics.jsonl"].split(separator: UInt8(ascii: "\n")).map {
                try JSONDecoder().decode([String: Double].self, from: Data($0))
            }
        }
        let (one, two) = (try metrics("one"), try metrics("two"))
        #expect(one.count == two.count && one.count > 1 && one.contains { $0["validation_l1"] != nil })
        for (one, two) in zip(one, two) {
            for name in ["loss", "l1", "dct_l1", "commitment", "gradient_norm", "validation_l1"] {
                let difference = abs((one[name] ?? 0) - (two[name] ?? 0))
                #expect(difference < 1e-5 * max(1, one[name] ?? 0), "\(name)")
            }
        }
    }

    @Test("of two robots, too, whose chunks differ in number and columns")
    func robots() async throws {
        let other = try await Workshop.otherRobot.value.appending(path: "data").path
        for (out, steps, processes) in [("start", 1, 1), ("one", 8, 1), ("two", 8, 2)] {
            let training = arguments(
                out,
                steps: steps,
                processes: processes,
                ["optimization.batchSize=26", "robotsPerStep=2"],
                data: [Program.demonstrations, other]
            )
            _ = try await Program.output(training, in: folder)
        }
        let moved = try largestDifference("start", "one")
        let difference = try largestDifference("one", "two")
        #expect(moved > 0.001 && difference < 1e-5 * moved, "\(difference) of \(moved)")
    }

    @Test("resume in one process after a rank was killed, to the weights of one process all along")
    func resumed() async throws {
        let settings = ["optimization.checkpointEvery=8", "optimization.logEvery=8"]
        let (start, one) = (
            arguments("start", steps: 1, processes: 1, settings),
            arguments("one", steps: 24, processes: 1, settings)
        )
        for training in [start, one] { _ = try await Program.output(training, in: folder) }
        let running = try Running(arguments("two", steps: 24, processes: 2, settings), in: folder)
        let said = try await running.said(/are the processes ([0-9]+) ([0-9]+)/)
        let checkpoint = folder.appending(path: "two/checkpoint.safetensors")
        while !FileManager.default.fileExists(atPath: checkpoint.path) {
            try await Task.sleep(for: .milliseconds(1))
        }
        kill(try #require(pid_t(String(said.2))), SIGKILL)
        #expect(try await running.outcome().status == 1)
        #expect(!folder.paths.contains("two/config.json"))
        let rest = arguments("two", steps: 24, processes: 1, settings) + ["--resume"]
        _ = try await Program.output(rest, in: folder)
        let moved = try largestDifference("start", "one")
        let difference = try largestDifference("one", "two")
        #expect(moved > 0.01 && difference < 1e-5 * moved, "\(difference) of \(moved)")
    }

    @Test("of a baseline, too", arguments: ["vq-bet", "oat"])
    func baseline(kind: String) async throws {
        for (out, steps, processes) in [("start", 1, 1), ("one", 8, 1), ("two", 8, 2)] {
            try await training(
                out,
                steps: steps,
                processes: processes,
                "kind=\(kind)",
                "optimization.optimizer.learningRate=\(kind == "oat" ? 100 : 1)",
                "optimization.accumulationSteps=\(processes)",
                "quantizeAfter=0",
                "vqBeT.quantizer.codebookSize=16",
                "oat.width=32",
                "augmentation=none"
            )
        }
        let moved = try largestDifference("start", "one")
        let difference = try largestDifference("one", "two")
        #expect(moved > 0.001 && difference < 1e-5 * moved, "\(difference) of \(moved)")
    }

    @Test("refuse a batch with fewer chunks than processes")
    func refused() async throws {
        let outcome = try await Program.run(
            ["tokenizer", "train", "--data", Program.demonstrations, "--out", "few", "--steps", "4"]
                + ["--threads", "1", "--processes", "2"] + Workshop.tokenizerSettings
                + ["--set", "optimization.batchSize=1"],
            in: folder
        )
        #expect(outcome.status == 1 && !folder.paths.contains("few/config.json"))
        #expect(
            outcome.errors.contains(
                "'optimization.batchSize' should be enough for 2 chunks of every robot in a batch, one for each process, found 1"
            ),
            "\(outcome.errors)"
        )
    }
}
