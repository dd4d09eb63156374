import Foundation
import NN
import RobotTypes
import TemporaryFolder
import Testing
import Torch

@testable import Backbones
@testable import FASTerVLA
@testable import Training

/// On a small SmolVLM2 that transformers 5.24.0 saved in bfloat16 (`Tests/Golden/make_models.py`).
@Suite("Trainings of policies on published models", .serialized)
struct PretrainedTrainingTests {
    struct Killed: Error {}

    private let folder: TemporaryFolder
    private let published = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../Golden/smolvlm"
    ).standardizedFileURL

    init() throws {
        folder = try TemporaryFolder()
        try SampleDemonstrations.write(to: folder.appending(path: "data"))
    }

    private func training(_ settings: String...) throws -> PolicyTraining {
        let recipe = try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=binning", "optimization.steps=6", "optimization.batchSize=4",
                "optimization.checkpointEvery=3", "expert.width=8", "backbone.pretrained=\(published.path)",
            ] + settings
        )
        var training = PolicyTraining(
            [PolicySource(try Demonstrations(opening: folder.appending(path: "data")))],
            recipe: recipe,
            device: .cpu
        )
        training.horizon = 8
        return training
    }

    /// The file of weights at the end.
    @discardableResult
    private func run(_ training: PolicyTraining, to name: String, resume: Bool = false) throws
        -> [String: [Int]]
    {
        let output = folder.appending(path: name)
        try training.run(to: output, resume: resume, decoding: { _, _ in }, report: { _ in })
        return try Checkpoint.shapes(in: output.appending(path: "model.safetensors"))
    }

    /// A chunk of the policy in `name`.
    private func chunk(_ name: String) async throws -> [Float] {
        let policy = try await PolicyFolder.load(from: folder.appending(path: name), device: .cpu)
        let image = Image(width: 32, height: 32, pixels: Array(repeating: 90, count: 32 * 32 * 3))
        let observation = Observation(
            images: Dictionary(uniqueKeysWithValues: policy.contract.cameras.map { ($0.name, image) }),
            state: [0.2, -0.1],
            instruction: "wave"
        )
        return try await policy.act(on: observation).chunk.values
    }

    @Test(
        "write what was trained beside the published files, and policies that stand alone",
        arguments: [BackboneTraining.frozen, .lora, .full]
    )
    func kinds(kind: BackboneTraining) async throws {
        let weights = try run(training("backbone.training=\(kind.rawValue)"), to: "policy")
        let ofBackbone = weights.keys.filter { $0.hasPrefix("backbone.") }
        switch kind {
        case .frozen: #expect(ofBackbone.isEmpty)
        case .lora: #expect(!ofBackbone.isEmpty && ofBackbone.allSatisfy { $0.contains(".adapter.") })
        case .full:
            #expect(!ofBackbone.contains { $0.contains(".adapter.") })
            let network = try PolicyFolder.parts(of: folder.appending(path: "policy"), device: .cpu).network
            #expect(network.tensors.allSatisfy { $0.tensor.dtype == .float32 })
        }
        let files = try FileManager.default.contentsOfDirectory(
            atPath: folder.appending(path: "policy/backbone").path
        )
        #expect(files.contains("tokenizer.json") && files.contains("config.json"))
        #expect(files.contains("model.safetensors") == (kind != .full))
        let first = try await chunk("policy")
        try FileManager.default.moveItem(
            at: folder.appending(path: "policy"),
            to: folder.appending(path: "moved")
        )
        #expect(try await chunk("moved") == first)
    }

    @Test("leave the published weights as they are, and move them where all are trained")
    func change() throws {
        let before = try PretrainedBackbones.open(
            PretrainedFolder(url: published),
            dtype: .float32,
            device: .cpu
        )
        for kind in ["lora", "full"] {
            try run(training("backbone.training=\(kind)", "optimization.emaDecay=0"), to: kind)
            let after = try PolicyFolder.parts(of: folder.appending(path: kind), device: .cpu).network
                .backbone
            let known = Dictionary(uniqueKeysWithValues: before.tensors.map { ($0.name, $0.tensor) })
            let changed = after.tensors.filter { named in
                guard let tensor = known[named.name] else { return false }
                return (named.tensor.to(.float32) - tensor).abs().max().item > 0
            }
            #expect(changed.isEmpty == (kind == "lora"))
            if kind == "lora" {
                let up = after.tensors.filter { $0.name.hasSuffix("adapter.up") }
                #expect(up.contains { $0.tensor.abs().max().item > 0 })
            }
        }
    }

    @Test(
        "that were killed resume to the same weights, insulated ones, too",
        arguments: [["backbone.training=lora"], ["backbone.training=full", "backbone.isInsulated=true"]]
    )
    func resume(settings: [String]) throws {
        let training = try training(settings[0], settings.last ?? settings[0])
        try run(training, to: "whole")
        var killed = training
        killed.rollouts = .init(every: 4) { _, _ in throw Killed() }
        #expect(throws: Killed.self) { try run(killed, to: "killed") }
        try run(training, to: "killed", resume: true)
        func data(_ name: String) throws -> Data {
            try Data(contentsOf: folder.appending(path: "\(name)/model.safetensors"))
        }
        #expect(try data("whole") == data("killed"))
    }

    @Test(
        "end with the same weights where activations are computed again",
        arguments: [
            ["backbone.training=lora"], ["backbone.training=full", "head=regression"],
            ["backbone.training=full", "backbone.isInsulated=true"],
        ]
    )
    func checkpointing(settings: [String]) throws {
        func tensors(_ checkpointing: Bool) throws -> [NamedTensor] {
            var training = try training("backbone.gradientCheckpointing=\(checkpointing)")
            training.recipe = try RecipeReader.recipe(training.recipe, settings: settings)
            try run(training, to: "policy-\(checkpointing)")
            return try PolicyFolder.parts(of: folder.appending(path: "policy-\(checkpointing)"), device: .cpu)
                .network.tensors
        }
        let (kept, again) = (try tensors(false), try tensors(true))
        for (one, other) in zip(kept, again) {
            let difference = (one.tensor.to(.float32) - other.tensor.to(.float32)).abs()
            #expect(difference.floats.allSatisfy { $0 <= 1e-5 }, "\(one.name)")
        }
    }

    @Test("teach an insulated backbone by its own prediction of the codes")
    func insulated() throws {
        var names: Set<String> = []
        let training = try training("backbone.isInsulated=true", "optimization.logEvery=1")
        let output = folder.appending(path: "policy")
        try training.run(to: output, resume: false, decoding: { _, _ in }) {
            names.formUnion($0.metrics.keys)
        }
        #expect(names.contains("backbone_loss"))
        let weights = try Checkpoint.shapes(in: output.appending(path: "model.safetensors"))
        #expect(!weights.keys.contains { $0.hasPrefix("backboneHead") })
    }

    @Test("merge adapters into weights of a policy that acts as the one with adapters")
    func merged() async throws {
        try run(training("backbone.training=lora", "optimization.optimizer.learningRate=0.1"), to: "policy")
        let (policy, merged) = (folder.appending(path: "policy"), folder.appending(path: "merged"))
        try PolicyFolder.mergeAdapters(of: policy, to: merged)
        #expect(throws: PolicyFolderError.self) { try PolicyFolder.mergeAdapters(of: policy, to: policy) }
        let parts = try [policy, merged].map { try PolicyFolder.parts(of: $0, device: .cpu) }
        #expect(!parts[1].network.tensors.contains { $0.isOfAdapter })
        let shapes = try Checkpoint.shapes(in: merged.appending(path: "model.safetensors"))
        #expect(shapes["backbone.language.embedding.weight"] != nil)
        let input = PrefixInput(
            images: [Tensor.randn([1, 3, 32, 32]).to(.bfloat16)],
            tokens: Tensor([259, 259, 259, 259, 70, 71], shape: [1, 6])
        )
        let keys = withoutGradients {
            parts.map { $0.network.backbone.prefix(of: input).keys[1].to(.float32) }
        }
        let difference = (keys[0] - keys[1]).abs().max().item / keys[0].abs().max().item
        // Rounding to bfloat16 of weights on one side, of products on the other.
        #expect(difference > 0 && difference < 0.05, "\(difference)")
        _ = try await chunk("merged")
        #expect(throws: PolicyFolderError.self) {
            try PolicyFolder.mergeAdapters(of: merged, to: folder.appending(path: "again"))
        }
    }

    @Test("keep the published files where a policy is written over the one that they are of")
    func overwritten() throws {
        try run(training("backbone.training=frozen", "optimization.steps=1"), to: "policy")
        let own = folder.appending(path: "policy/backbone")
        try run(
            training("backbone.training=frozen", "optimization.steps=1", "backbone.pretrained=\(own.path)"),
            to: "policy"
        )
        let weights = try [published, own].map {
            try Data(contentsOf: $0.appending(path: "model.safetensors"))
        }
        #expect(weights[0] == weights[1])
    }

    @Test("name a backbone's folder that is missing, or of another architecture")
    func errors() throws {
        try run(training("optimization.steps=1"), to: "policy")
        let config = folder.appending(path: "policy/backbone/config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        try Data(text.replacing("\"smolvlm\"", with: "\"paligemma\"").utf8).write(to: config)
        let error = try #require(throws: (any Error).self) {
            try PolicyFolder.parts(of: folder.appending(path: "policy"), device: .cpu)
        }
        #expect("\(error)".contains("'smolvlm', this one a 'paligemma'"), "\(error)")
        try FileManager.default.removeItem(at: config)
        #expect(throws: PretrainedError.self) {
            try PolicyFolder.parts(of: folder.appending(path: "policy"), device: .cpu)
        }
    }

    @Test(
        "refuse settings that do not go together",
        arguments: [
            (["backbone.training=frozen", "backbone.isInsulated=true"], "isInsulated"),
            (["backbone.isInsulated=true", "head=flow"], "isInsulated"),
            (["backbone.pretrained=''", "backbone.training=lora"], "training"),
            (["objectPose.weight=1", "backbone.keypoints=2"], "objectPose.weight"),
            (["backbone.lora.rank=0"], "rank"),
        ]
    )
    func refused(settings: [String], key: String) throws {
        let error = try #require(throws: RecipeError.self) {
            try RecipeReader.recipe(
                PolicyRecipe(),
                settings: ["head=binning", "backbone.pretrained=x"] + settings
            )
        }
        #expect(error.description.contains(key), "\(error)")
    }
}
