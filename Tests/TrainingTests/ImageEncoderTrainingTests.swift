import Foundation
import LeRobot
import NN
import RobotTypes
import Support
import TemporaryFolder
import Testing
import Torch

@testable import Backbones
@testable import FASTerVLA
@testable import Training

@Suite("Trainings of policies with an image encoder", .serialized)
struct ImageEncoderTrainingTests {
    struct Killed: Error {}

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try SampleDemonstrations.write(to: folder.appending(path: "data"))
    }

    private var weights: URL {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../.deps/models/efficientnet-lite0/model.safetensors").standardizedFileURL
    }

    private func training(_ settings: [String] = []) throws -> PolicyTraining {
        let recipe = try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=regression", "optimization.steps=6", "optimization.batchSize=4",
                "optimization.computeDType=bfloat16", "optimization.checkpointEvery=3", "backbone.width=32",
                "backbone.layerCount=2", "backbone.headCount=2", "backbone.keypoints=2", "expert.width=32",
                "backbone.imageEncoder=efficientnet-lite0", "augmentation.shift=0",
                "augmentation.brightness=0", "augmentation.contrast=0",
            ] + settings
        )
        var training = PolicyTraining(
            [PolicySource(try Demonstrations(opening: folder.appending(path: "data")))],
            recipe: recipe,
            device: .cpu
        )
        training.horizon = 8
        training.imageEncoderWeights = weights
        training.imageFeatures = folder.appending(path: "features")
        return training
    }

    /// The weights at the end.
    @discardableResult
    private func run(_ training: PolicyTraining, to name: String, resume: Bool = false) throws -> Data {
        let output = folder.appending(path: name)
        try training.run(to: output, resume: resume, decoding: { _, _ in }, report: { _ in })
        return try Data(contentsOf: output.appending(path: "model.safetensors"))
    }

    /// Files of features with the times of their last change.
    private func features() -> [String: Date] {
        let root = folder.appending(path: "features")
        let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".safetensors") }.reduce(into: [:]) { files, path in
            let attributes = try? FileManager.default.attributesOfItem(
                atPath: root.appending(path: path).path
            )
            files[path] = attributes?[.modificationDate] as? Date
        }
    }

    @Test(
        "compute features once, and policies bring the encoder along",
        arguments: [
            ["backbone.imageTokens=patches"], ["backbone.imageTokens=summary", "backbone.keypoints=0"],
        ]
    )
    func frozen(tokens: [String]) async throws {
        let first = try run(training(tokens), to: "first")
        let files = features()
        #expect(files.count == 1, "both episodes show the same images")
        #expect(try run(training(tokens), to: "second") == first)
        #expect(features() == files)

        let policy = try await PolicyFolder.load(from: folder.appending(path: "first"), device: .cpu)
        let parts = try PolicyFolder.parts(of: folder.appending(path: "first"), device: .cpu)
        let encoder = try #require((parts.network.backbone as? CompactBackbone)?.imageEncoder)
        let pretrained = ImageEncoder(.init(), device: .cpu)
        try pretrained.load(from: weights)
        #expect(encoder.tensors.map(\.tensor.bytes) == pretrained.tensors.map(\.tensor.bytes))
        let image = Image(width: 32, height: 32, pixels: Array(repeating: 90, count: 32 * 32 * 3))
        let prediction = try await policy.act(
            on: Observation(
                images: ["observation.images.front": image],
                state: [0, 1],
                instruction: "wave"
            )
        )
        #expect(prediction.chunk.horizon == 8)
    }

    @Test("go on after an interruption as if there had been none, with the features that are there")
    func resumed() throws {
        let whole = try run(training(), to: "whole")
        var killed = try training()
        killed.rollouts = .init(every: 4) { _, _ in throw Killed() }
        #expect(throws: Killed.self) { try run(killed, to: "killed") }
        #expect(try run(training(), to: "killed", resume: true) == whole)
    }

    @Test("do not go on with features of another encoder")
    func otherEncoder() throws {
        var killed = try training()
        killed.rollouts = .init(every: 4) { _, _ in throw Killed() }
        #expect(throws: Killed.self) { try run(killed, to: "killed") }
        var other = try training()
        var bytes = try Data(contentsOf: weights)
        for tenth in 1 ... 9 { bytes[tenth * bytes.count / 10] ^= 1 }
        let file = folder.appending(path: "other.safetensors")
        try bytes.write(to: file)
        other.imageEncoderWeights = file
        let error = #expect(throws: TrainingError.self) { try run(other, to: "killed", resume: true) }
        #expect(error?.description.contains("image encoder") == true)
    }

    @Test("compute features anew for other images, other weights, and files that are damaged")
    func invalidation() throws {
        try run(training(), to: "first")
        let file = try #require(features().keys.first)
        let url = folder.appending(path: "features/\(file)")
        let whole = try Data(contentsOf: url)
        try whole.prefix(1000).write(to: url)
        try run(training(), to: "damaged")
        #expect(try Data(contentsOf: url) == whole)

        try run(training(["backbone.imageEncoderWeights=random"]), to: "random")
        #expect(features().count == 2)
        try run(training(["backbone.imageSize=64"]), to: "larger")
        #expect(features().count == 3)
    }

    @Test(
        "run the encoder in every step where augmentation changes the images or its last blocks are trained"
    )
    func everyStep() throws {
        try run(training(["augmentation.brightness=0.1"]), to: "bright")
        let frozen = try PolicyFolder.parts(of: folder.appending(path: "bright"), device: .cpu)
        try run(training(["backbone.imageEncoderTrainedBlocks=1"]), to: "tuned")
        let tuned = try PolicyFolder.parts(of: folder.appending(path: "tuned"), device: .cpu)
        #expect(features().isEmpty)
        let names = zip(frozen.network.tensors, tuned.network.tensors).filter {
            $0.name.contains("imageEncoder") && $0.tensor.bytes != $1.tensor.bytes
        }.map(\.0.name)
        #expect(!names.isEmpty && names.allSatisfy { $0.contains("network.blocks.10.") }, "\(names)")
    }

    @Test("take the encoder of the policy that they start from")
    func start() throws {
        try run(training(["backbone.imageEncoderTrainedBlocks=1"]), to: "tuned")
        var next = try training()
        next.imageEncoderWeights = nil
        next.start = try PolicyStart(folder.appending(path: "tuned"), device: .cpu)
        try run(next, to: "next")
        let encoders = try ["tuned", "next"].map { name in
            let parts = try PolicyFolder.parts(of: folder.appending(path: name), device: .cpu)
            return try #require((parts.network.backbone as? CompactBackbone)?.imageEncoder)
        }
        #expect(encoders[0].tensors.map(\.tensor.bytes) == encoders[1].tensors.map(\.tensor.bytes))
    }

    @Test("say what is missing without pretrained weights")
    func missingWeights() throws {
        var training = try training()
        training.imageEncoderWeights = nil
        let error = #expect(throws: DemonstrationsError.self) { try run(training, to: "none") }
        #expect(error?.description.contains("there are no pretrained weights of efficientnet-lite0") == true)
    }

    @Test("learn from nothing but state and instruction if they are blind")
    func blind() throws {
        try run(training(["backbone.imageEncoder=blind", "optimization.steps=1"]), to: "blind")
        let parts = try PolicyFolder.parts(of: folder.appending(path: "blind"), device: .cpu)
        #expect(!parts.network.tensors.contains { $0.name.contains("camera") || $0.name.contains("image") })
        let error = #expect(throws: RecipeError.self) {
            try self.training(["backbone.imageEncoder=blind", "objectPose.weight=1"])
        }
        #expect(error?.description.contains("'backbone.imageEncoder' should be one that sees") == true)
    }
}
