import Foundation
import TemporaryFolder
import Testing

@Suite("Trainings that cannot begin", .timeLimit(.minutes(10)))
struct TrainingRefusalTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func tokenizer(_ more: String..., data: String = Program.demonstrations) async throws -> String {
        let arguments = ["tokenizer", "train", "--data", data, "--out", "out"]
        return try await Program.refusal(arguments + more, in: folder)
    }

    private func policy(
        _ tokenizer: String,
        _ more: [String] = [],
        data: String = Program.demonstrations,
        episodes: String = "0:1"
    ) async throws -> String {
        let arguments = [
            "policy", "train", "--data", data, "--episodes", episodes, "--tokenizer", tokenizer, "--out",
            "out",
        ]
        return try await Program.refusal(arguments + Workshop.policySettings + more, in: folder)
    }

    @Test("the error about a misspelt key of a recipe or a setting names the nearest key")
    func typingMistakes() async throws {
        try folder.write("optimization:\n  optimizer:\n    learningrate: 1e-3\n", to: "recipe.yaml")
        #expect(
            try await tokenizer("--recipe", "recipe.yaml").contains(
                "/recipe.yaml: unknown key 'optimization.optimizer.learningrate'; did you mean 'learningRate'?"
            )
        )
        #expect(
            try await tokenizer("--set", "quantiser.codebookSize=64").hasPrefix(
                "--set quantiser.codebookSize=64: unknown key 'quantiser'; did you mean 'quantizer'?"
            )
        )
        #expect(
            try await tokenizer("--set", "optimization.steps=many")
                == "--set optimization.steps=many: 'optimization.steps' should be a whole number, for example 6000, found many"
        )
        #expect(
            try await tokenizer("--recipe", "none.yaml").hasSuffix(
                "/none.yaml: no such file, or it cannot be read"
            )
        )
    }

    @Test(
        "numbers that make no training are named",
        arguments: [
            ("--steps=-1", "'optimization.steps' should be at least 0, found -1"),
            ("--horizon=0", "'horizon' should be at least 1, found 0"),
            ("--horizon=4097", "'horizon' should be at most 4096, found 4097"),
            ("--set=optimization.batchSize=0", "'optimization.batchSize' should be at least 1, found 0"),
            (
                "--set=optimization.checkpointEvery=0",
                "'optimization.checkpointEvery' should be at least 1, found 0"
            ),
            ("--set=autoencoder.headCount=3", "'autoencoder.width' should be a multiple of 3"),
            ("--set=normalization=decimals", "'normalization' should be one of quantiles"),
            ("--threads=0", "--threads: expected 1 ... 4096, found 0"),
            ("--device=tpu", "unknown device 'tpu': expected cpu, cuda, cuda:N or mps"),
            (
                "--device=mps",
                "device 'mps' is Metal on a Mac, and this system has none; use --device cpu or cuda"
            ),
            ("--episodes=0:121", "episodes '0:121': expected first:end within 0:120, for example 0:12"),
        ]
    )
    func numbers(option: String, expected: String) async throws {
        #expect(try await tokenizer(option).contains(expected))
    }

    @Test("a policy's chunk has as many steps as one can have", arguments: ["0", "-3", "4097"])
    func policyHorizon(steps: String) async throws {
        #expect(
            try await policy("nowhere", ["--horizon=\(steps)"])
                == "--horizon: expected 1 ... 4096, found \(steps)"
        )
    }

    @Test("parts are taken of a policy only")
    func parts() async throws {
        #expect(
            try await policy("nowhere", ["--take", "backbone"])
                == "--take: expected with --from, the policy to take parts of"
        )
    }

    @Test("groups that do not fit the columns are named")
    func groups() async throws {
        #expect(
            try await tokenizer("--groups", "position=0:3,rotation=3:6,gripper=6").hasSuffix(
                "metaworld-mini: the actions have 4 columns, the groups position=0:3,rotation=3:6,gripper=6 cover 7"
            )
        )
        #expect(
            try await tokenizer("--groups", "position=0:2,gripper=3")
                == "action group 'gripper' should start at column 2 but starts at 3: groups must cover the "
                + "columns without gap or overlap"
        )
        #expect(
            try await tokenizer("--groups", "position")
                == "cannot read action group 'position': expected name=column or name=first:end, for example position=0:3"
        )
    }

    @Test("folders that are not there, or cannot be written, are named")
    func folders() async throws {
        #expect(
            try await tokenizer(data: "nowhere").hasSuffix(
                "/nowhere: no such folder; expected a LeRobot dataset"
            )
        )
        #expect(try await policy("nowhere").hasSuffix("/nowhere: no such folder"))
        try folder.write("", to: "file")
        #expect(
            try await tokenizer("--out", "file/out").hasSuffix("/file is not a folder")
        )
    }

    @Test("a missing option that a recipe could have given is named, without the usage of the whole program")
    func missingData() async throws {
        let outcome = try await Program.run(["tokenizer", "train", "--out", "out"], in: folder)
        #expect(outcome.status == 64)
        #expect(
            outcome.errors
                == "Error: --data: expected a dataset's folder, or a recipe with the key 'datasets'\n"
        )
    }

    @Test("a policy keeps some episodes to train on")
    func allHeldOut() async throws {
        let arguments = ["policy", "train", "--data", Program.demonstrations, "--head", "regression"]
        #expect(
            try await Program.refusal(arguments + ["--held-out", ":", "--out", "out"], in: folder)
                == "held-out episodes: expected fewer than the dataset has, found all 120; leave some to train on"
        )
    }

    @Test("a policy needs a tokenizer of its own robot, with a fixed number of tokens")
    func otherTokenizer() async throws {
        let other = try await Workshop.otherRobot.value.appending(path: "tokenizer").path
        #expect(
            try await policy(other)
                == "\(other): is for actions of 7 columns, the dataset has 4 (position=0:3,gripper=3)"
        )
        let fit = [
            "tokenizer", "fit", "--kind", "fast", "--data", Program.demonstrations, "--episodes", "0:1",
        ]
        _ = try await Program.output(fit + ["--out", "fitted"], in: folder)
        #expect(
            try await policy("fitted")
                == "head 'blocks' needs a fixed number of tokens a chunk from codebooks of one size, as of fastervq; 'fast' has "
                + "another layout"
        )
    }

    @Test("a video that was cut stops a policy's training, and is named")
    func cutVideo() async throws {
        let file = "data/videos/observation.images.gripperPOV/chunk-000/file-000.mp4"
        try folder.copy(Program.demonstrations, to: "data")
        try folder.change(file) { $0.prefix($0.count / 2) }
        let tokenizer = try await Workshop.run.value.appending(path: "tokenizer").path
        #expect(try await policy(tokenizer, data: "data", episodes: "119:120").contains("/\(file): "))
    }
}
