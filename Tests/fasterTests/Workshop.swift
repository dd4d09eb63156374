import Foundation
import LeRobot
import RobotTypes
import TemporaryFolder

/// Small datasets, tokenizers and policies that several tests use, made once.
enum Workshop {
    /// Settings of the smallest tokenizer that still is one.
    static let tokenizerSettings = settings([
        "optimization.batchSize=32", "initialChunks=64", "quantizer.codebookSize=16",
        "quantizer.kMeansIterations=2",
        "autoencoder.width=16", "autoencoder.headCount=2", "autoencoder.encoderLayers=1",
        "autoencoder.decoderLayers=1",
    ])

    /// Settings of the smallest policy that still is one.
    static let policySettings = settings([
        "optimization.batchSize=4", "optimization.computeDType=float32", "backbone.width=32",
        "backbone.layerCount=2", "backbone.headCount=2", "expert.width=32", "backbone.pixelsPerToken=32",
        "backbone.keypoints=2", "objectPose.weight=1",
    ])

    private static func settings(_ pairs: [String]) -> [String] { pairs.flatMap { ["--set", $0] } }

    /// The folder around the others.
    private static let root = Result { try TemporaryFolder() }

    /// A folder that is removed at the end of all tests.
    static func folder() throws -> TemporaryFolder {
        atexit { try? FileManager.default.removeItem(at: Workshop.root.get().url) }
        return try TemporaryFolder(in: root.get().url)
    }

    /// A run's folder with `tokenizer/` and `policy/`, trained for a few steps; tests may add to it.
    static let run: Task<TemporaryFolder, any Error> = Task {
        let folder = try Workshop.folder()
        try await train("tokenizer", Program.demonstrations, folder)
        try await train("policy", Program.demonstrations, folder)
        return folder
    }

    /// The same of a robot with seven joints, in `data/`, `tokenizer/` and `policy/`.
    static let otherRobot: Task<TemporaryFolder, any Error> = Task {
        let folder = try Workshop.folder()
        try record(to: folder.appending(path: "data"))
        try await train("tokenizer", "data", folder)
        try await train("policy", "data", folder)
        return folder
    }

    private static func train(_ kind: String, _ data: String, _ folder: TemporaryFolder) async throws {
        let isPolicy = kind == "policy"
        let arguments =
            [kind, "train", "--data", data, "--episodes", "0:1", "--out", kind, "--threads", "1"]
            + (isPolicy ? ["--tokenizer", "tokenizer", "--steps", "2"] : ["--steps", "40"])
            + (isPolicy ? policySettings : tokenizerSettings)
        let outcome = try await Program.run(arguments, in: folder)
        guard outcome.status == 0 else { throw Trouble(description: outcome.errors) }
    }

    struct Trouble: Error, CustomStringConvertible {
        let description: String
    }

    private static func record(to folder: URL) throws {
        let cameras = ["corner2", "gripperPOV"].map {
            PolicyContract.Camera(name: "observation.images.\($0)", height: 32, width: 32)
        }
        let description = DatasetDescription(
            fps: 20,
            robotType: "panda",
            actionNames: (1 ... 7).map { "joint_\($0)" },
            stateNames: ["x", "y", "z", "gripper"],
            environmentStateNames: ["cup_x", "corner2_cup_right", "corner2_cup_down"],
            cameras: cameras
        )
        let writer = try DatasetWriter(creating: folder, description)
        let image = Image(width: 32, height: 32, pixels: Array(repeating: 90, count: 32 * 32 * 3))
        for episode in 0 ..< 2 {
            let steps = (0 ..< 24).map { Float($0 + 24 * episode) }
            try writer.addEpisode(
                frames: ["observation.images.corner2", "observation.images.gripperPOV"]
                    .reduce(into: [:]) { $0[$1] = steps.map { _ in image } },
                states: steps.map { [sin($0 / 5), 0, $0 / 50, 1] },
                environmentStates: steps.map { [$0, $0 / 48 - 0.5, 0.25] },
                actions: steps.map { step in (0 ..< 7).map { sin(step / 7 + Float($0)) } },
                task: "wave"
            )
        }
        try writer.finish()
    }
}
