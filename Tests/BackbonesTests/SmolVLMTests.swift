import NN
import TemporaryFolder
import Testing
import TextTokenizers
import Torch

@testable import Backbones

@Suite("SmolVLM2")
struct SmolVLMTests {
    /// Images of 4 × 4 patches, 4 tokens.
    static var configuration: SmolVLM.Configuration {
        var configuration = SmolVLM.Configuration()
        (configuration.vision.width, configuration.vision.headCount, configuration.vision.layerCount) = (
            12, 2, 1
        )
        configuration.vision.feedForwardWidth = 20
        (configuration.vision.imageSize, configuration.vision.patchSize) = (16, 4)
        configuration.language = .tiny(.llama)
        configuration.imageToken = 4
        return configuration
    }

    @Test("gives every patch of an image of the configured size a position of its own")
    func identity() {
        var configuration = SmolVLM.Configuration()
        for (image, patch) in [(384, 14), (512, 16), (364, 14), (1456, 14), (224, 32)] {
            (configuration.vision.imageSize, configuration.vision.patchSize) = (image, patch)
            let count = (image / patch) * (image / patch)
            #expect(configuration.positions(ofImage: image) == Array(0 ..< count))
        }
    }

    @Test("gives patches of other images the positions at their fraction of rows and columns")
    func fractions() {
        #expect(Self.configuration.positions(ofImage: 8) == [0, 2, 8, 10])
        let doubled = Self.configuration.positions(ofImage: 32)
        #expect(Array(doubled.prefix(10)) == [0, 0, 1, 1, 2, 2, 3, 3, 0, 0])
        #expect(doubled.count == 64 && doubled.last == 15)
    }

    @Test("encodes images among words, of other sizes, too, and continues them")
    func prefix() {
        Torch.seed(4)
        let model = SmolVLM(Self.configuration, device: .cpu)
        withoutGradients {
            let prompt = PrefixInput(
                images: [.randn([2, 3, 16, 16])],
                tokens: Tensor([1, 4, 4, 4, 4, 9, 1, 4, 4, 4, 4, 8], shape: [2, 6])
            )
            let prefix = model.prefix(of: prompt)
            #expect(prefix.keys.map(\.shape) == [[2, 1, 6, 8], [2, 1, 6, 8]])
            #expect(prefix.nextPosition.integers == [6])
            let small = PrefixInput(
                images: [.randn([1, 3, 8, 8])],
                tokens: Tensor([1, 4, 9], shape: [1, 3])
            )
            #expect(model.prefix(of: small).length == 3)
        }
    }

    @Test("reads a configuration, and takes what is missing from the published classes")
    func configuration() throws {
        let folder = try TemporaryFolder()
        func read(_ json: String) throws -> SmolVLM.Configuration {
            try SmolVLM.Configuration(PublishedConfiguration(json, in: folder))
        }
        // The classes' own defaults, 7 × 7 patches and 2 × 2 to a token, do not fit.
        let unfit = #expect(throws: PretrainedError.self) { try read("{}") }
        #expect(
            unfit?.reason
                == "'scale_factor' should be a divisor of 7, the patches of an image's side, found 2"
        )
        #expect(try read(#"{"scale_factor": 7}"#).language.epsilon == 1e-5)
        let published = try read(
            #"{"scale_factor": 4, "image_token_id": 49190, "vision_config": {"image_size": [512, 512], "patch_size": 16},"#
                + #" "text_config": {"hidden_size": 960, "num_attention_heads": 15, "rope_theta": 100000}}"#
        )
        #expect(published.imageTokenCount == 64 && published.imageToken == 49190)
        #expect(published.vision.width == 1152 && published.vision.feedForwardWidth == 3072)
        #expect(published.language.headWidth == 64 && published.language.keyValueHeadCount == 15)
        #expect(published.language.epsilon == 1e-6 && published.language.rotaryBase == 100_000)
        let other = #expect(throws: PretrainedError.self) {
            try read(#"{"scale_factor": 7, "text_config": {"model_type": "phi"}}"#)
        }
        #expect(
            other?.reason == "'text_config.model_type' should be one of llama, qwen2, qwen3, found 'phi'"
        )
        for (json, reason) in [
            (
                #"{"vision_config": {"num_attention_heads": 0}}"#,
                "'vision_config.num_attention_heads' should be an integer from 1 to 16777216, found 0"
            ),
            (
                #"{"vision_config": {"num_attention_heads": 7}}"#,
                "'vision_config.num_attention_heads' should be a divisor of 1152, the 'hidden_size', found 7"
            ),
            (
                #"{"vision_config": {"patch_size": 0}}"#,
                "'vision_config.patch_size' should be an integer from 1 to 16777216, found 0"
            ),
            (
                #"{"vision_config": {"image_size": 16}}"#,
                "'vision_config.patch_size' should be at most 16, the 'image_size', found 32"
            ),
            (
                #"{"text_config": {"num_hidden_layers": -1}}"#,
                "'text_config.num_hidden_layers' should be an integer from 1 to 16777216, found -1"
            ),
            (
                #"{"text_config": {"num_key_value_heads": 5}}"#,
                "'text_config.num_key_value_heads' should be a divisor of 32, the heads of queries, found 5"
            ),
            (
                #"{"text_config": {"head_dim": 9}}"#,
                "'text_config.head_dim' should be an even number, found 9"
            ),
        ] {
            let error = #expect(throws: PretrainedError.self) { try read(json) }
            #expect(error?.reason == reason)
        }
        let tied = try SmolVLM.configuration(PublishedConfiguration(#"{"scale_factor": 7}"#, in: folder)) {
            $0 == "language.embedding.weight" ? [99, 4096] : nil
        }
        #expect(tied.language.vocabularySize == 99 && !tied.language.hasHead)
    }

    @Test("reads a robot's prompt: a turn with an image a camera, then task and state")
    func processor() throws {
        let folder = try TemporaryFolder()
        let url = try folder.tokenizer("smollm2")
        let settings = ProcessorSettings(cameraCount: 2)
        var configuration = Self.configuration
        configuration.language.vocabularySize = 336
        let processor = try SmolVLM.makeProcessor(url, configuration, settings)
        let image =
            "<fake_token_around_image><global-img><image><image><image><image><fake_token_around_image>"
        let prompt = try processor.tokens(instruction: "Pick", state: [3, 14])
        let whole =
            "<|im_start|>User:\(image)\(image)Task: pick, State: 3 14;\n<end_of_utterance>\nAssistant:"
        #expect(try prompt == TextTokenizer(folder: url).encoded(whole, addsSpecialTokens: false))
        #expect(prompt.count { $0 == 4 } == 8)
        #expect(throws: PromptError.self) { try processor.tokens(instruction: "Pick <image>", state: []) }
        var wrong = Self.configuration
        wrong.imageToken = 99
        let error = #expect(throws: PretrainedError.self) {
            try SmolVLM.makeProcessor(url, wrong, settings)
        }
        #expect(
            error?.reason
                == "the tokenizer should give 8 image tokens, 99 by the configuration; it gives 0"
        )
    }
}
