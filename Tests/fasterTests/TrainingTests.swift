import Foundation
import TemporaryFolder
import Testing

@Suite("Trainings as processes", .timeLimit(.minutes(10)))
struct TrainingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A training of `kind` on a single thread, with a checkpoint every few steps.
    private func training(_ kind: String, steps: Int, to out: String) async throws -> [String] {
        let tokenizer = try await Workshop.run.value.appending(path: "tokenizer").path
        return [kind, "train", "--data", Program.demonstrations, "--episodes", "0:1", "--out", out]
            + ["--steps", "\(steps)", "--threads", "1", "--set", "optimization.checkpointEvery=5"]
            + (kind == "policy"
                ? ["--tokenizer", tokenizer] + Workshop.policySettings : Workshop.tokenizerSettings)
    }

    @Test(
        "that were killed resume with --resume to the same bytes as those never killed",
        arguments: [("tokenizer", 200), ("policy", 60)]
    )
    func killed(kind: String, steps: Int) async throws {
        let arguments = try await training(kind, steps: steps, to: "killed")
        try await Running(arguments, in: folder)
            .kill(onceThereIs: folder.appending(path: "killed/checkpoint.safetensors"))
        #expect(!folder.paths.contains("killed/config.json"))

        let resumed = try await Program.run(arguments + ["--resume"], in: folder)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(!resumed.errors.contains("\(kind)  1/"), "it began anew")
        _ = try await Program.output(training(kind, steps: steps, to: "whole"), in: folder)
        let files = ["model.safetensors", "norm_stats.json", "config.json"]
        for file in files { #expect(try folder["killed/\(file)"] == folder["whole/\(file)"], "\(file)") }
        #expect(!folder.paths.contains("killed/checkpoint.safetensors"))
    }

    @Test(
        "that are finished are left alone by --resume, and not overwritten without it",
        arguments: ["tokenizer", "policy"]
    )
    func finished(kind: String) async throws {
        try folder.copy(try await Workshop.run.value.appending(path: kind).path, to: kind)
        let before = try folder["\(kind)/model.safetensors"]
        let arguments = try await training(kind, steps: 1, to: kind)
        #expect(
            try await Program.output(arguments + ["--resume"], in: folder)
                == "\(kind): is finished, nothing to resume\n"
        )
        #expect(
            try await Program.refusal(arguments, in: folder)
                == "\(kind): holds a finished tokenizer or policy; choose another folder, or remove it"
        )
        #expect(try folder["\(kind)/model.safetensors"] == before)
    }

    @Test(
        "that start from a model have its network, as many residual stages as the recipe says, and its quality"
    )
    func start() async throws {
        func train(_ out: String, _ more: String...) -> [String] {
            [
                "tokenizer", "train", "--from", "universal", "--data", Program.demonstrations, "--episodes",
                "0:4",
            ]
                + ["--steps", "0", "--set", "actionSpaceQuantizer.kMeansIterations=2", "--out", out] + more
        }
        func errors(_ tokenizer: String) async throws -> Double {
            let found = try await Program.object(
                ["tokenizer", "evaluate", "--data", Program.demonstrations, "--episodes", "4:6", "--json"]
                    + ["--tokenizer", tokenizer],
                in: folder
            )
            return try #require(found["l1"] as? Double)
        }
        let own = try await Program.output(train("same"), in: folder)
        #expect(own.hasPrefix("same: fastervq, 8 codebooks of 4096 entries, "))
        let fewer = try await Program.output(
            train("fewer", "--set", "actionSpaceQuantizer.codebookCount=1"),
            in: folder
        )
        #expect(fewer.hasPrefix("fewer: fastervq, 3 codebooks of 4096 entries, "))
        #expect(try await errors("fewer") < errors("same:codebooks=2"))
        #expect(
            try await Program.refusal(train("other", "--set", "autoencoder.latentWidth=8"), in: folder)
                == "recipe: 'autoencoder.latentWidth' cannot change when a training starts from a model: "
                + "there it is 32, found 8"
        )
        #expect(
            try await Program.refusal(train("other", "--set", "latentPositions.position=2"), in: folder)
                == "recipe: 'latentPositions' cannot be set when a training starts from a model, which has its own"
        )
    }

    @Test("say how many episodes they hold out, and whether they overfit the others")
    func overfitting() async throws {
        let tokenizer = try await Program.run(
            ["tokenizer", "train", "--data", Program.demonstrations, "--episodes", "0:2", "--out", "out"]
                + ["--steps", "150", "--threads", "1", "--set", "validation.everyNthEpisode=2"]
                + Workshop.tokenizerSettings,
            in: folder
        )
        #expect(tokenizer.status == 0)
        let lines = tokenizer.errors.split(separator: "\n")
        #expect(
            lines.contains { $0.contains("validates on 1 of 2 episodes, one in 2, and trains on the others") }
        )
        let errors = try #require(
            lines.compactMap {
                $0.wholeMatch(of: /L1 ([0-9.]+) on training episodes, ([0-9.]+) on held-out episodes/)
            }
            .first
        )
        let (training, heldOut) = (try #require(Double(errors.1)), try #require(Double(errors.2)))
        #expect(
            lines.contains { $0.hasPrefix("Warning: the tokenizer overfits") }
                == (heldOut > max(0.01, 2 * training))
        )
    }

    @Test("do not resume with other settings")
    func otherSettings() async throws {
        let arguments = try await training("tokenizer", steps: 100_000, to: "out")
        try await Running(arguments, in: folder)
            .kill(onceThereIs: folder.appending(path: "out/checkpoint.safetensors"))
        let message = try await Program.refusal(
            arguments + ["--resume", "--set", "optimization.batchSize=33"],
            in: folder
        )
        #expect(message.contains("out/checkpoint.safetensors: was written with other settings or data; "))
        #expect(message.hasSuffix("(then: batchSize:32; now: batchSize:33)"))
        let anew = try Running(arguments, in: folder)
        _ = try await anew.said(/out: starts anew, without the checkpoint that is there/)
        anew.kill()
    }

    @Test("keep others out of their folder")
    func alone() async throws {
        let arguments = try await training("tokenizer", steps: 100_000, to: "out")
        let first = try Running(arguments, in: folder)
        _ = try await first.said(/tokenizer  1\//)
        let second = try await Program.run(arguments, in: folder)
        first.kill()
        #expect(second.status == 1)
        #expect(second.errors.contains("/out: cannot be written: another program is writing into it"))
    }
}
