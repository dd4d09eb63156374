import FASTerVQ
import Foundation
import NN
import TemporaryFolder
import Testing
import VectorQuantization

@testable import Training

@Suite("Recipes")
struct RecipeReaderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ text: String) throws -> URL { try folder.write(text, to: "recipe.yaml") }

    @Test("keep defaults for absent keys; settings win over the file")
    func layers() throws {
        let recipe = try RecipeReader.recipe(
            TokenizerRecipe(),
            file: file(
                "optimization:\n  steps: 7\n  optimizer:\n    learningRate: 2.5e-4\nlatentPositions:\n  position: 8\n"
            ),
            settings: [
                "optimization.steps=9", "optimization.optimizer.weightDecay=1e-3",
                "quantizer.codebookSize=64",
                "latentPositions.rotation=4", "latentPositions.gripper=2",
            ]
        )
        #expect(recipe.optimization.steps == 9)
        #expect(recipe.optimization.optimizer.learningRate == 2.5e-4)
        #expect(recipe.optimization.optimizer.weightDecay == 1e-3)
        #expect(recipe.latentPositions == ["position": 8, "rotation": 4, "gripper": 2])
        #expect(recipe.quantizer.codebookSize == 64)
        #expect(recipe.optimization.batchSize == TokenizerRecipe().optimization.batchSize)
    }

    @Test("name the nearest known key")
    func typingMistake() throws {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(
                PolicyRecipe(),
                file: file("optimization:\n  optimizer:\n    learningrate: 1.0\n")
            )
        }
        #expect(
            error?.reason.contains(
                "unknown key 'optimization.optimizer.learningrate'; did you mean 'learningRate'?"
            )
                == true
        )
    }

    @Test(
        "say what kind of value was expected",
        arguments: [
            (
                "optimization.steps=many",
                "'optimization.steps' should be a whole number, for example 1200, found many"
            ),
            (
                "backbone=3",
                "'backbone' should be a group of keys, for example {gradientCheckpointing: false, headCount: 4, "
            ),
            ("cameras=3", "'cameras' should be a list, for example [], found 3"),
            (
                "optimization.batchSize=[1]",
                "'optimization.batchSize' should be a single value, for example 64, found [1]"
            ),
            ("labelSmoothing=.nan", "'labelSmoothing' should be a finite number, found .nan"),
        ]
    )
    func wrongKind(setting: String, reason: String) {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), settings: [setting])
        }
        #expect(error?.reason.hasPrefix(reason) == true, "\(error?.reason ?? "")")
    }

    @Test(
        "name numbers that make no training",
        arguments: [
            ("optimization.batchSize=0", "'optimization.batchSize' should be at least 1, found 0"),
            ("optimization.steps=-3", "'optimization.steps' should be at least 0, found -3"),
            (
                "backbone.width=60",
                "'backbone.width' should be a multiple of 8, as 'headCount' is 4, found 60"
            ),
            ("backbone.headCount=0", "'backbone.headCount' should be at least 1, found 0"),
            (
                "backbone.headCount=9000000000000000000",
                "'backbone.headCount' should be at most 65536, found 9000000000000000000"
            ),
            (
                "optimization.batchSize=9000000000000000000",
                "'optimization.batchSize' should be at most 16777216, found 9000000000000000000"
            ),
            (
                "optimization.accumulationSteps=9000000000000000000",
                "'optimization.accumulationSteps' should be at most 16777216, found 9000000000000000000"
            ),
            (
                "optimization.steps=5000000000",
                "'optimization.steps' should be at most 1000000000, found 5000000000"
            ),
            (
                "optimization.optimizer.epsilon=-1",
                "'optimization.optimizer.epsilon' should be a number from 0 on, found -1.0"
            ),
            ("augmentation.shift=65537", "'augmentation.shift' should be at most 65536, found 65537"),
            (
                "objectPose.weight=1",
                "'backbone.keypoints' should be above 0 where 'objectPose.weight' is, as poses are estimated from keypoints, found 0"
            ),
            (
                "objectPose.heatmapWeight=-1",
                "'objectPose.heatmapWeight' should be a number from 0 on, found -1.0"
            ),
            ("backbone.pixelsPerToken=12", "'backbone.pixelsPerToken' should be 4, 8, 16 or 32, found 12"),
            (
                "backbone.imageTokens=summary",
                "'backbone.imageTokens' should be patches without an image encoder, whose maps are summarized, found summary"
            ),
            ("backbone.imageEncoderScale=3", "'backbone.imageEncoderScale' should be 1, 2 or 4, found 3"),
            (
                "backbone.imageEncoder=resnet",
                "'backbone.imageEncoder' should be one of patches, efficientnet-lite0, blind, found 'resnet'"
            ),
            ("softLabels=-1", "'softLabels' should be a number from 0 on, found -1.0"),
            ("labelSmoothing=1", "'labelSmoothing' should be at least 0.0 and below 1.0, found 1.0"),
            (
                "optimization.maxGradientNorm=0",
                "'optimization.maxGradientNorm' should be a number above 0, found 0.0"
            ),
            (
                "optimization.computeDType=half",
                "'optimization.computeDType' should be one of auto, float32, bfloat16, found 'half'"
            ),
            ("augmentation.contrast=-1", "'augmentation.contrast' should be a number from 0 on, found -1.0"),
            (
                "positionGaps.minimum=5",
                "'positionGaps.minimum' should be at most 'maximum', which is 3.0, found 5.0"
            ),
            (
                "positionGaps.inference=5",
                "'positionGaps.inference' should be from 'minimum' to 'maximum', 1.0 to 3.0, as training takes no other, found 5.0"
            ),
        ]
    )
    func numbers(setting: String, reason: String) {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), settings: [setting])
        }
        #expect(error?.reason == reason)
    }

    @Test("refuse what a head without codes cannot do", arguments: ["flow", "regression"])
    func headsWithoutCodes(head: String) {
        for setting in ["supportsMaskPredict=true", "committedSteps=3"] {
            let error = #expect(throws: RecipeError.self) {
                try RecipeReader.recipe(PolicyRecipe(), settings: ["head=\(head)", setting])
            }
            let key = setting.prefix { $0 != "=" }
            #expect(
                error?.reason
                    == "'head' should be a head that predicts codes where '\(key)' is set, found \(head)"
            )
        }
    }

    @Test("refuse latent positions of unknown group types, and none of a known one")
    func latentPositions() {
        for (setting, reason) in [
            (
                "latentPositions.postion=8",
                "'latentPositions' should be by action group types, position, rotation, "
            ),
            ("latentPositions.position=0", "'latentPositions.position' should be at least 1, found 0"),
        ] {
            let error = #expect(throws: RecipeError.self) {
                try RecipeReader.recipe(TokenizerRecipe(), settings: [setting])
            }
            #expect(error?.reason.hasPrefix(reason) == true)
        }
    }

    @Test(
        "refuse mask-predict for blocks of one code",
        arguments: ["head=tokens", "head=fast", "blockSize=1"]
    )
    func maskPredict(setting: String) {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), settings: ["supportsMaskPredict=true", setting])
        }
        #expect(
            error?.reason == "'supportsMaskPredict' should be false where blocks are single codes, found true"
        )
    }

    @Test(
        "refuse an early end where blocks are not whole codebooks",
        arguments: ["head=tokens", "head=fast", "head=flow", "blockSize=5"]
    )
    func earlyEnd(setting: String) throws {
        let end = "earlyEnd.tolerance=0.05"
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), settings: [end, setting])
        }
        #expect(
            error?.reason
                == "'earlyEnd.tolerance' should be 0 unless blocks are whole codebooks, as of the heads 'blocks' and "
                + "'blocks-without-expert' with a 'blockSize' of 0, found 0.05"
        )
        let settings = [end, "head=blocks-without-expert"]
        #expect(try RecipeReader.recipe(PolicyRecipe(), settings: settings).earlyEnd.tolerance == 0.05)
    }

    @Test("refuse a flow whose times cannot be embedded in its width")
    func oddWidth() throws {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), settings: ["head=flow", "expert.width=33"])
        }
        #expect(error?.reason == "'expert.width' should be even with the head 'flow', found 33")
        _ = try RecipeReader.recipe(PolicyRecipe(), settings: ["expert.width=33"])
    }

    @Test(
        "name the setting, the path in it, what was expected and what was found",
        arguments: [
            ("blockSize=2.5", "'blockSize' should be a whole number, for example 0, found 2.5"),
            ("objectPose.columns=[1, a]", "'objectPose.columns[1]' should be a whole number, found a"),
            ("objectPose.columns=[1, 2.5]", "'objectPose.columns[1]' should be a whole number, found 2.5"),
        ]
    )
    func mismatches(setting: String, reason: String) throws {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), file: file("codebooks: 2\n"), settings: [setting])
        }
        #expect(error?.description == "--set \(setting): \(reason)")
    }

    @Test("name the file where it is the file that is wrong")
    func mismatchInFile() throws {
        let url = try file("codebookWeights: [1, heavy]\n")
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), file: url, settings: ["codebooks=3"])
        }
        #expect(error?.description == "\(url.path): 'codebookWeights[1]' should be a number, found heavy")
    }

    @Test("take whole numbers for real ones, and real ones that are whole for whole ones")
    func kinds() throws {
        let recipe = try RecipeReader.recipe(
            TokenizerRecipe(),
            settings: ["maxGradientNorm=3", "maxGradientNorm=2.5", "steps=1e3", "batchSize=64.0"]
                .map { "optimization." + $0 }
        ).optimization
        #expect(recipe.maxGradientNorm == 2.5 && recipe.steps == 1000 && recipe.batchSize == 64)
    }

    @Test(
        "name settings that make no tokenizer",
        arguments: [
            ("kind=vq", "'kind' should be one of fastervq, vq-bet, vq-vla, oat, found 'vq'"),
            (
                "normalization=none",
                "'normalization' should be one of quantiles, mean_std, identity, found 'none'"
            ),
            ("vqBeT.width=0", "'vqBeT.width' should be in 1 ... 65536, found 0"),
            ("oat.headCount=3", "'oat.width' should be a multiple of 3, as 'headCount' is 3, found 128"),
        ]
    )
    func tokenizers(setting: String, reason: String) {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(TokenizerRecipe(), settings: [setting])
        }
        #expect(error?.reason == reason)
    }

    @Test("that ship are understood")
    func shipped() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let files = try FileManager.default.contentsOfDirectory(
            at: root.appending(path: "Recipes"),
            includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "yaml" }
        #expect(files.count > 5)
        for file in files {
            if file.lastPathComponent.contains("mapping") {
                let mapping = try DatasetMapping(reading: file)
                #expect(mapping.action.count > 1 && !mapping.state.isEmpty, "\(file.lastPathComponent)")
            } else if file.lastPathComponent.contains("policy") {
                #expect(try RecipeReader.recipe(PolicyRecipe(), file: file) != PolicyRecipe())
            } else {
                #expect(try RecipeReader.recipe(TokenizerRecipe(), file: file) != TokenizerRecipe())
            }
        }
    }

    @Test("name a file that is missing or is not YAML")
    func unreadable() throws {
        let missing = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), file: URL(filePath: "/no/such.yaml"))
        }
        #expect(missing?.description == "/no/such.yaml: no such file, or it cannot be read")
        for (text, reason) in [
            ("a: [1, ", "is not YAML: line "),
            (
                "head: flow\nhorizon: 8\nhead: tokens\n",
                "is not YAML: line 1, column 1: the key 'head' occurs twice"
            ),
        ] {
            let error = #expect(throws: RecipeError.self) {
                try RecipeReader.recipe(PolicyRecipe(), file: file(text))
            }
            #expect(error?.reason.hasPrefix(reason) == true, "\(error?.reason ?? "")")
            #expect(error?.reason.contains("\n") == false)
        }
    }
}
