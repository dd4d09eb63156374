import FASTerVQ
import Foundation
import NN
import Quantizers
import TemporaryFolder
import Testing

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
            file: file("steps: 7\noptimizer:\n  learningRate: 2.5e-4\nplaces:\n  position: 8\n"),
            settings: [
                "steps=9", "optimizer.weightDecay=1e-3", "quantizer.codebookSize=64", "places.rotation=4",
                "places.gripper=2",
            ]
        )
        #expect(recipe.steps == 9)
        #expect(recipe.optimizer.learningRate == 2.5e-4)
        #expect(recipe.optimizer.weightDecay == 1e-3)
        #expect(recipe.places == ["position": 8, "rotation": 4, "gripper": 2])
        #expect(recipe.quantizer.codebookSize == 64)
        #expect(recipe.batchSize == TokenizerRecipe().batchSize)
    }

    @Test("name the nearest known key")
    func typingMistake() throws {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), file: file("optimizer:\n  learningrate: 1.0\n"))
        }
        #expect(
            error?.reason.contains("unknown key 'optimizer.learningrate'; did you mean 'learningRate'?")
                == true
        )
    }

    @Test(
        "say what kind of value was expected",
        arguments: ["steps=many", "optimizer=3", "batchSize=[1]", "precision=2"]
    )
    func wrongKind(setting: String) {
        #expect(throws: RecipeError.self) { try RecipeReader.recipe(PolicyRecipe(), settings: [setting]) }
    }

    @Test(
        "name numbers that make no training",
        arguments: [
            ("batchSize=0", "'batchSize' should be at least 1, found 0"),
            ("steps=-3", "'steps' should be at least 0, found -3"),
            ("width=60", "'width' should be a multiple of 8, as 'headCount' is 4, found 60"),
            ("headCount=0", "'headCount' should be at least 1, found 0"),
            (
                "environmentState.weight=1",
                "'keypoints' should be above 0 where 'environmentState.weight' is: it is read off them"
            ),
            ("environmentState.places=-1", "'environmentState.places' should be from 0 on, found -1.0"),
            ("pixelsPerToken=12", "'pixelsPerToken' should be 4, 8, 16 or 32, found 12"),
            ("labelSmoothing=1", "'labelSmoothing' should be at least 0 and below 1, found 1.0"),
            ("gradientClip=0", "'gradientClip' should be above 0, found 0.0"),
            ("precision=half", "'precision' should be auto, float32 or bfloat16, found 'half'"),
            ("augmentation.contrast=-1", "'augmentation.contrast' should be from 0 on, found -1.0"),
            (
                "spacing.smallest=5",
                "'spacing': 'smallest' should be at most 'largest', which is 3.0, found 5.0"
            ),
            (
                "spacing.gap=5",
                "'spacing': 'gap' should be from 'smallest' to 'largest', 1.0 to 3.0, as training takes no other, found 5.0"
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
        for setting in ["looksAgain=true", "pendingSteps=3"] {
            let error = #expect(throws: RecipeError.self) {
                try RecipeReader.recipe(PolicyRecipe(), settings: ["head=\(head)", setting])
            }
            let key = setting.prefix { $0 != "=" }
            #expect(
                error?.reason
                    == "'\(key)' is for heads that predict codes, and 'head' is '\(head)': leave it out, or choose another head"
            )
        }
    }

    @Test("refuse places of what is no kind of group, and none of what is one")
    func places() {
        for (setting, reason) in [
            ("places.postion=8", "'places' should be by kinds of groups, position, rotation, "),
            ("places.position=0", "'places.position' should be at least 1, found 0"),
        ] {
            let error = #expect(throws: RecipeError.self) {
                try RecipeReader.recipe(TokenizerRecipe(), settings: [setting])
            }
            #expect(error?.reason.hasPrefix(reason) == true)
        }
    }

    @Test(
        "refuse to look again at blocks of one code",
        arguments: ["head=tokens", "head=fast", "blockSize=1"]
    )
    func secondLooks(setting: String) {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), settings: ["looksAgain=true", setting])
        }
        #expect(
            error?.reason.hasPrefix("'looksAgain' is for blocks of several codes, and 'head' is ") == true
        )
    }

    @Test("refuse a flow whose times cannot be told by its width")
    func oddWidth() throws {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), settings: ["head=flow", "expert.width=33"])
        }
        #expect(error?.reason == "'expert.width' should be even with the head 'flow', found 33")
        _ = try RecipeReader.recipe(PolicyRecipe(), settings: ["expert.width=33"])
    }

    @Test(
        "name the setting, the place in it, what was expected and what was found",
        arguments: [
            ("steps=2.5", "'steps' should be a whole number, for example 1200, found 2.5"),
            ("foresight.chunks=[a]", "'foresight.chunks[0]' should be a whole number, found a"),
            ("cameras=[top, 1]", "'cameras[1]' should be text, found 1"),
        ]
    )
    func misfits(setting: String, reason: String) throws {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), file: file("batchSize: 7\n"), settings: [setting])
        }
        #expect(error?.description == "--set \(setting): \(reason)")
    }

    @Test("name the setting whose list holds a fraction where whole numbers are expected")
    func fractionInList() {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), settings: ["foresight.chunks=[1, 2.5]"])
        }
        #expect(error?.source == "--set foresight.chunks=[1, 2.5]")
        #expect(error?.reason.contains("a whole number") == true)
    }

    @Test("name the file where it is the file that is wrong")
    func misfitInFile() throws {
        let url = try file("codebookWeights: [1, heavy]\n")
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), file: url, settings: ["steps=3"])
        }
        #expect(error?.description == "\(url.path): 'codebookWeights[1]' should be a number, found heavy")
    }

    @Test("take whole numbers for real ones, and real ones that are whole for whole ones")
    func kinds() throws {
        let recipe = try RecipeReader.recipe(
            TokenizerRecipe(),
            settings: ["gradientClip=3", "gradientClip=2.5", "steps=1e3", "batchSize=64.0"]
        )
        #expect(recipe.gradientClip == 2.5 && recipe.steps == 1000 && recipe.batchSize == 64)
    }

    @Test(
        "name settings that make no tokenizer",
        arguments: [
            ("gradientClip=-1", "'gradientClip' should be above 0, found -1.0"),
            ("precision=half", "'precision' should be auto, float32 or bfloat16, found 'half'"),
            ("kind=vq", "'kind' should be one of fastervq, vq-bet, vq-vla, oat, found 'vq'"),
            ("vqBeT.width=0", "'vqBeT': 'width' should be in 1 ... 65536, found 0"),
            ("vqVLA.widths=[]", "'vqVLA': 'widths' should not be empty"),
            ("oat.levels=[8, 1]", "'oat': 'levels' should hold numbers in 2 ... 64, found 1"),
            ("oat.headCount=3", "'oat': 'width' should be a multiple of 3, as 'headCount' is 3, found 128"),
        ]
    )
    func tokenizers(setting: String, reason: String) {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(TokenizerRecipe(), settings: [setting])
        }
        #expect(error?.reason == reason)
    }

    @Test("name a file that is missing or is not YAML")
    func unreadable() throws {
        let missing = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), file: URL(filePath: "/no/such.yaml"))
        }
        #expect(missing?.description == "/no/such.yaml: no such file, or it cannot be read")
        #expect(throws: RecipeError.self) { try RecipeReader.recipe(PolicyRecipe(), file: file("a: [1, ")) }
    }
}
