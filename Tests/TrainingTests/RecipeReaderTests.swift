import FASTerVQ
import Foundation
import NN
import Quantizers
import Testing

@testable import Training

@Suite("Recipes")
struct RecipeReaderTests {
    private func file(_ text: String) throws -> URL {
        let url = FileManager.default.temporaryDirectory.appending(path: "recipe-\(UUID().uuidString).yaml")
        try Data(text.utf8).write(to: url)
        return url
    }

    @Test("keep defaults for absent keys; settings win over the file")
    func layers() throws {
        let recipe = try RecipeReader.recipe(
            TokenizerRecipe(),
            file: file("steps: 7\noptimizer:\n  learningRate: 2.5e-4\nplaces:\n  position: 8\n"),
            settings: ["steps=9", "optimizer.weightDecay=1e-3", "quantizer.codebookSize=64"]
        )
        #expect(recipe.steps == 9)
        #expect(recipe.optimizer.learningRate == 2.5e-4)
        #expect(recipe.optimizer.weightDecay == 1e-3)
        #expect(recipe.places == ["position": 8])
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
        ]
    )
    func numbers(setting: String, reason: String) {
        let error = #expect(throws: RecipeError.self) {
            try RecipeReader.recipe(PolicyRecipe(), settings: [setting])
        }
        #expect(error?.reason == reason)
    }

    @Test(
        "name settings that make no tokenizer",
        arguments: [
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
