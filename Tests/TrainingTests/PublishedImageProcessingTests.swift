import Backbones
import FASTerVLA
import Foundation
import ImageProcessing
import RobotTypes
import TemporaryFolder
import Testing
import Torch

@testable import Training

/// On small models that transformers 5.24.0 saved (`Tests/Golden/make_models.py`), with a camera of 24 x 40 pixels.
@Suite("Policies whose images the published processors read", .serialized)
struct PublishedImageProcessingTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try SampleDemonstrations.write(to: folder.appending(path: "data"), height: 24, width: 40)
    }

    /// A copy of a model's folder, with other settings of its image processor.
    private func model(_ name: String, images: String?) throws -> URL {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Golden/\(name)")
        let copy = folder.appending(path: name)
        try FileManager.default.copyItem(at: golden.standardizedFileURL, to: copy)
        if let images {
            try Data(images.utf8).write(to: copy.appending(path: "preprocessor_config.json"))
        }
        return copy
    }

    private func training(_ model: URL, _ settings: String...) throws -> PolicyTraining {
        let recipe = try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=binning", "optimization.steps=2", "optimization.batchSize=2", "expert.width=8",
                "backbone.pretrained=\(model.path)", "backbone.training=lora",
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

    private func run(_ training: PolicyTraining, to name: String) throws {
        try training.run(
            to: folder.appending(path: name),
            resume: false,
            decoding: { _, _ in },
            report: { _ in }
        )
    }

    /// A chunk of the policy in `name`, of an image with a gradient.
    private func chunk(_ name: String) async throws -> [Float] {
        let policy = try await PolicyFolder.load(from: folder.appending(path: name), device: .cpu)
        let camera = try #require(policy.contract.cameras.first)
        #expect((camera.height, camera.width) == (24, 40))
        let pixels = (0 ..< 24 * 40 * 3).map { UInt8($0 % 251) }
        let observation = Observation(
            images: [camera.name: Image(width: 40, height: 24, pixels: pixels)],
            state: [0.2, -0.1],
            instruction: "wave"
        )
        return try await policy.act(on: observation).chunk.values
    }

    @Test(
        "are trained, written, moved and served by the same path",
        arguments: [
            ("paligemma", nil, 259, 16),
            // Two by two tiles and the whole, of four tokens each.
            ("smolvlm", #"{"size": {"longest_edge": 64}, "max_image_size": {"longest_edge": 32}}"#, 259, 20),
            // 24 x 40 pixels are cells of 8 x 8.
            ("qwen25vl", nil, 260, 15),
        ] as [(String, String?, Int, Int)]
    )
    func models(name: String, images: String?, imageToken: Int, count: Int) async throws {
        let model = try model(name, images: images)
        try run(training(model, "backbone.imageProcessing=published"), to: "policy")
        let policy = folder.appending(path: "policy")
        let parts = try PolicyFolder.parts(of: policy, device: .cpu)
        guard case .pretrained(let backbone) = parts.configuration.backbone else {
            Issue.record("no pretrained backbone")
            return
        }
        #expect(backbone.imageProcessing == .published)
        #expect(backbone.images == [ImageSize(height: 24, width: 40)])
        let processor = try parts.configuration.backbone.makeProcessor(parts.model)
        let prompt = try processor.tokens(instruction: "wave", state: [1, 2])
        #expect(prompt.count { $0 == imageToken } == count)
        let first = try await chunk("policy")
        #expect(first.allSatisfy { $0.isFinite })
        try FileManager.default.removeItem(at: model)
        try FileManager.default.moveItem(at: policy, to: folder.appending(path: "moved"))
        #expect(try await chunk("moved") == first)
    }

    @Test("are those of the padded images unless the recipe says otherwise")
    func padded() throws {
        try run(training(model("paligemma", images: nil), "optimization.steps=1"), to: "policy")
        let file = folder.appending(path: "policy/config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(!text.contains("imageProcessing"))
        let contract = try PolicyFolder.configuration(of: folder.appending(path: "policy")).contract
        #expect(contract.cameras.map(\.height) == [32])
    }

    @Test("refuse folders without a processor, processors of other networks, and other names")
    func refused() throws {
        let smolVLM = try training(
            model("smolvlm", images: nil),
            "backbone.imageProcessing=published"
        )
        let missing = try #require(throws: ImageProcessingError.self) { try run(smolVLM, to: "policy") }
        #expect(missing.description.contains("preprocessor_config.json: is missing"))
        let other = #"{"size": {"height": 64, "width": 64}, "image_seq_length": 16}"#
        let paliGemma = try training(
            model("paligemma", images: other),
            "backbone.imageProcessing=published"
        )
        let unfit = try #require(throws: PretrainedError.self) { try run(paliGemma, to: "policy") }
        #expect(unfit.reason.contains("32 x 32 pixels, as the vision encoder reads them, found 64 x 64"))
        for settings in [
            ["backbone.imageProcessing=published"],
            ["backbone.pretrained=x", "backbone.imageProcessing=own"],
        ] {
            let error = try #require(throws: RecipeError.self) {
                try RecipeReader.recipe(PolicyRecipe(), settings: ["head=binning"] + settings)
            }
            #expect(error.description.contains("imageProcessing"), "\(error)")
        }
    }
}
