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
@Suite("Quantized policies on published models", .serialized)
struct QuantizedPolicyTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try SampleDemonstrations.write(to: folder.appending(path: "data"))
    }

    private var data: Demonstrations {
        get throws { try Demonstrations(opening: folder.appending(path: "data")) }
    }

    /// Trains a policy to `policy/`.
    private func train(_ settings: String..., head: String = "binning") throws -> URL {
        let published = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../Golden/smolvlm"
        ).standardizedFileURL
        let recipe = try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=\(head)", "optimization.steps=4", "optimization.batchSize=4", "expert.width=16",
                "backbone.pretrained=\(published.path)",
            ] + settings
        )
        var training = PolicyTraining([PolicySource(try data)], recipe: recipe, device: .cpu)
        training.horizon = 8
        let output = folder.appending(path: "policy")
        try training.run(to: output, resume: false, decoding: { _, _ in }, report: { _ in })
        return output
    }

    private func agreement(_ policies: [URL], count: Int = 6) throws -> PolicyAgreement {
        let parts = try policies.map { try PolicyFolder.parts(of: $0, device: .cpu) }
        let examples = try DemonstratedExamples(try data, episodes: nil, for: parts[0], count: count)
        return try PolicyAgreement((parts[0], parts[1]), count: examples.count, device: .cpu) {
            try examples($0)
        }
    }

    @Test(
        "decode near those that they were made of",
        arguments: WeightQuantization.allCases,
        ["binning", "flow"]
    )
    func agreement(quantization: WeightQuantization, head: String) async throws {
        let policy = try train("backbone.training=frozen", head: head)
        let quantized = folder.appending(path: "quantized")
        var steps: [Int] = []
        let report = try PolicyFolder.quantize(policy, as: quantization, to: quantized) { done, total in
            steps.append(done * 100 / total)
        }
        #expect(steps.first == 0 && steps.last == 100)
        // Width 16 of the golden is less than a group of 64 inputs.
        #expect(report.relativeError > 0 && report.relativeError < (quantization == .int8 ? 0.01 : 0.1))
        #expect(report.layers.allSatisfy { $0.relativeError < (quantization == .int8 ? 0.012 : 0.15) })
        let names = report.layers.map(\.name)
        #expect(names.contains { $0.hasPrefix("backbone.language.decoder.layers.0.attention.output") })
        #expect(names.contains { $0.hasPrefix("expert.layers.0.feedForward.down") })
        #expect(!names.contains { $0.hasPrefix("head.") || $0.contains("embedding") })
        let found = try agreement([policy, quantized])
        #expect(found.observations == 6)
        #expect(found.actionDifference < (quantization == .int8 ? 0.05 : 0.5))
        #expect(found.actionErrors.allSatisfy { $0 > 0 && $0 < 2 })
        #expect((found.changedTokenFraction == nil) == (head == "flow"))
        let same = try agreement([policy, policy], count: 2)
        #expect(same.changedTokens == 0 && same.largestActionDifference == 0)
        // As a server opens it.
        let served = try await PolicyFolder.load(from: quantized, device: .cpu)
        let examples = try DemonstratedExamples(
            try data,
            episodes: nil,
            for: PolicyFolder.parts(of: quantized, device: .cpu),
            count: 1
        )
        let chunk = try await served.act(on: examples(0).observation).chunk
        #expect(chunk.values.allSatisfy { $0.isFinite })
    }

    @Test("hold fewer bytes, and no published weights beside their own")
    func files() throws {
        let policy = try train("backbone.training=full")
        let quantized = folder.appending(path: "quantized")
        let report = try PolicyFolder.quantize(policy, as: .int8, to: quantized)
        #expect(report.bytesAfter < report.bytesBefore)
        let files = try FileManager.default.contentsOfDirectory(
            atPath: quantized.appending(path: "backbone").path
        )
        #expect(files.contains("tokenizer.json") && !files.contains("model.safetensors"))
        let shapes = try Checkpoint.shapes(in: quantized.appending(path: "model.safetensors"))
        #expect(shapes["expert.layers.0.attention.output.weightScale"] == [1, 1, 16])
        #expect(try PolicyFolder.configuration(of: quantized).quantization == .int8)
        let inspection = try PolicyInspection(of: quantized, device: .cpu, repetitions: 1)
        #expect(inspection.stages.allSatisfy { $0.flops > 0 && $0.bytes > 0 })
        #expect(inspection.whole.bytes == report.bytesAfter)
        #expect(throws: PolicyFolderError.self) {
            try PolicyFolder.quantize(quantized, as: .int8, to: folder.appending(path: "again"))
        }
        let refusal = try #require(throws: DemonstrationsError.self) {
            try PolicyStart(quantized, device: .cpu)
        }
        #expect(refusal.description.contains("for inference only"))
    }

    @Test("are not made of policies with adapters, which have to be merged first")
    func adapters() throws {
        let policy = try train("backbone.training=lora")
        let quantized = folder.appending(path: "quantized")
        let refusal = try #require(throws: PolicyFolderError.self) {
            try PolicyFolder.quantize(policy, as: .int4, to: quantized)
        }
        #expect(refusal.reason.contains("faster policy merge"))
        #expect(!FileManager.default.fileExists(atPath: quantized.path))
        let merged = folder.appending(path: "merged")
        try PolicyFolder.mergeAdapters(of: policy, to: merged)
        let report = try PolicyFolder.quantize(merged, as: .int4, to: quantized)
        #expect(!report.layers.isEmpty)
        let found = try agreement([merged, quantized])
        #expect(found.observations == 6)
    }

    @Test("say which scales are missing, and that only published models have any")
    func damaged() throws {
        let policy = try train("backbone.training=frozen")
        let quantized = folder.appending(path: "quantized")
        _ = try PolicyFolder.quantize(policy, as: .int8, to: quantized)
        let file = quantized.appending(path: "model.safetensors")
        let network = try PolicyFolder.parts(of: quantized, device: .cpu).network
        let lost = "expert.layers.0.attention.output.weightScale"
        try Checkpoint.save(network.tensors.filter { $0.name != lost }, to: file)
        let error = try #require(throws: CheckpointError.self) {
            try PolicyFolder.parts(of: quantized, device: .cpu)
        }
        #expect(error.problems == ["'\(lost)' is missing"])
        let config = quantized.appending(path: "config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        try Data(text.replacing("\"isFrozen\" : false", with: "\"isFrozen\" : true").utf8).write(to: config)
        let refusal = try #require(throws: PolicyFolderError.self) {
            try PolicyFolder.parts(of: quantized, device: .cpu)
        }
        #expect(refusal.reason.contains("quantization"), "\(refusal)")
    }
}
