import FASTerVLA
import Foundation
import MetaKernels
import RobotTypes
import TemporaryFolder
import Testing
import Torch

@testable import Training

/// Whole trainings on the meta device, from files to files, whose numbers are zeros: a batch or a target that stays on the CPU fails.
@Suite("Trainings without numbers", .serialized)
struct MetaTrainingTests {
    private let folder: TemporaryFolder
    private let published = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../Golden/smolvlm"
    ).standardizedFileURL

    init() throws {
        meta_kernels_are_linked()
        folder = try TemporaryFolder()
        try SampleDemonstrations.write(to: folder.appending(path: "data"), episodes: 3)
    }

    private var demonstrations: Demonstrations {
        get throws { try Demonstrations(opening: folder.appending(path: "data")) }
    }

    private static let compact = [
        "backbone.width=32", "backbone.layerCount=2", "backbone.headCount=2", "backbone.pixelsPerToken=32",
        "expert.width=32",
    ]

    /// Settings of a policy, apart from those of the small trainings.
    static let kinds: [[String]] = [
        compact + ["head=flow"],
        compact + ["head=regression"],
        compact + ["head=binning"],
        compact + ["head=binning", "optimization.accumulationSteps=2"],
        compact + ["head=fast", "augmentation.shift=2"],
        compact + [
            "head=binning", "backbone.imageEncoder=efficientnet-lite0",
            "backbone.imageEncoderWeights=random", "augmentation.shift=0",
        ],
        ["head=binning", "backbone.training=frozen", "expert.width=8"],
        ["head=binning", "backbone.training=lora", "expert.width=8", "backbone.gradientCheckpointing=true"],
        ["head=binning", "backbone.training=full", "expert.width=8"],
        ["head=binning", "backbone.training=full", "expert.width=8", "backbone.isInsulated=true"],
    ]

    @Test(
        "read nothing in steps that are not logged, and leave policies that read a chunk once",
        arguments: kinds
    )
    func policies(settings: [String]) async throws {
        let short = try reads(of: settings, steps: 3)
        #expect(try reads(of: settings, steps: 6).count == short.count && !short.isEmpty)
        let (policy, _) = try await listingTransfers {
            try await PolicyFolder.load(from: folder.appending(path: "3"), device: .meta)
        }
        let image = Image(width: 32, height: 32, pixels: Array(repeating: 90, count: 32 * 32 * 3))
        let observation = Observation(
            images: Dictionary(uniqueKeysWithValues: policy.contract.cameras.map { ($0.name, image) }),
            state: [0.2, -0.1],
            instruction: "wave"
        )
        let (prediction, transfers) = try await listingTransfers { try await policy.act(on: observation) }
        #expect(prediction.chunk.values.count == 8 * 3)
        // Sequences of variable length ask after every token whether all have ended: a scalar.
        let chunks = transfers.reads.filter { !$0.hasPrefix("int64[] ") }
        #expect(chunks.count == 1, "\(transfers.reads)")
    }

    /// Transfers to the host in a training whose first and last steps are logged.
    private func reads(of settings: [String], steps: Int) throws -> [String] {
        let isCompact = settings.contains("backbone.width=32")
        let common = [
            "optimization.steps=\(steps)", "optimization.batchSize=4", "optimization.logEvery=10",
            "validateEvery=100",
            "validationExamples=4", "optimization.computeDType=bfloat16",
        ]
        let recipe = try RecipeReader.recipe(
            PolicyRecipe(),
            settings: common + settings + (isCompact ? [] : ["backbone.pretrained=\(published.path)"])
        )
        var source = PolicySource(try demonstrations)
        (source.episodes, source.heldOut) = ([0, 2], [1])
        var training = PolicyTraining([source], recipe: recipe, device: .meta)
        training.horizon = 8
        return try listingTransfers {
            try training.run(
                to: folder.appending(path: "\(steps)"),
                resume: false,
                decoding: { _, _ in },
                report: { _ in }
            )
        }.transfers.reads
    }

    @Test("end for every kind of tokenizer", arguments: ["fastervq", "vq-bet", "vq-vla", "oat"])
    func tokenizers(kind: String) throws {
        let recipe = try RecipeReader.recipe(
            TokenizerRecipe(),
            settings: [
                "kind=\(kind)", "horizon=8", "optimization.steps=4", "optimization.batchSize=8",
                "optimization.logEvery=2",
                "quantizeAfter=1", "initialChunks=16", "validation.everyNthEpisode=2", "autoencoder.width=32",
                "quantizer.codebookSize=16",
            ]
        )
        let training = TokenizerTraining(
            [WeightedDataset(try demonstrations)],
            recipe: recipe,
            device: .meta
        )
        let (result, _) = try listingTransfers {
            try training.run(to: folder.appending(path: "tokenizer"), resume: false, report: { _ in })
        }
        #expect((result?.parameterCount ?? 0) > 0)
    }
}
