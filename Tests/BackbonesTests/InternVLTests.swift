import NN
import TemporaryFolder
import Testing
import TextTokenizers
import Torch

@testable import Backbones

@Suite("InternVL")
struct InternVLTests {
    /// Images of 4 × 4 patches, 4 tokens.
    static var configuration: InternVL.Configuration {
        var configuration = InternVL.Configuration()
        (configuration.vision.width, configuration.vision.headCount, configuration.vision.layerCount) = (
            12, 2, 1
        )
        configuration.vision.feedForwardWidth = 20
        (configuration.vision.imageSize, configuration.vision.patchSize) = (16, 4)
        configuration.language = .tiny(.qwen3)
        configuration.imageToken = 344
        return configuration
    }

    @Test("encodes images among words, of other sizes, too")
    func prefix() {
        Torch.seed(4)
        let model = InternVL(Self.configuration, device: .cpu)
        withoutGradients {
            let prompt = PrefixInput(
                images: [.randn([1, 3, 16, 16]), .randn([1, 3, 16, 16])],
                tokens: Tensor([1] + [Int](repeating: 344, count: 8) + [2], shape: [1, 10])
            )
            let prefix = model.prefix(of: prompt)
            #expect(prefix.keys.map(\.shape) == [[1, 1, 10, 8], [1, 1, 10, 8]])
            let large = PrefixInput(
                images: [.randn([1, 3, 24, 24])],
                tokens: Tensor([1] + [Int](repeating: 344, count: 9) + [2], shape: [1, 11])
            )
            #expect(model.prefix(of: large).keys[1].isFinite().all().item == 1)
        }
    }

    @Test("reads a configuration of transformers, and takes what is missing from the published classes")
    func configuration() throws {
        let folder = try TemporaryFolder()
        func read(_ json: String) throws -> InternVL.Configuration {
            try InternVL.Configuration(PublishedConfiguration(json, in: folder))
        }
        #expect(try read("{}") == InternVL.Configuration())
        #expect(InternVL.Configuration().imageTokenCount == 256)
        let published = try read(
            #"{"image_token_id": 151671, "vision_config": {"image_size": [448, 448], "attention_bias": true},"#
                + #" "text_config": {"model_type": "qwen3", "num_key_value_heads": 8, "rope_parameters": {"rope_theta": 1e6}}}"#
        )
        #expect(published.imageToken == 151_671 && published.vision.hasAttentionBias)
        #expect(published.language.family == .qwen3 && published.language.rotaryBase == 1e6)
        #expect(published.language.headWidth == 128 && !published.language.hasAttentionBias)
        #expect(published.language.layers.allSatisfy { $0.attention.queryKeyNorm != nil })
        let older = try read(
            #"{"text_config": {"hidden_size": 896, "num_attention_heads": 14, "num_key_value_heads": null}}"#
        )
        #expect(older.language.headWidth == 64 && older.language.keyValueHeadCount == 14)
        #expect(older.language.hasAttentionBias && !older.language.hasAttentionOutputBias)
        let windowed = try read(
            #"{"text_config": {"num_hidden_layers": 3, "use_sliding_window": true, "sliding_window": 9, "max_window_layers": 2}}"#
        )
        #expect(windowed.language.layers.map(\.slidingWindow) == [nil, nil, 9])
        for (json, reason) in [
            (
                #"{"vision_config": {"use_qk_norm": true}}"#,
                "'vision_config.use_qk_norm' should be false, found true"
            ),
            (#"{"vision_feature_layer": -2}"#, "'vision_feature_layer' should be -1, found -2"),
            (
                #"{"downsample_ratio": 1e-300}"#,
                "'downsample_ratio' should be one by a divisor of 32, the patches of an image's side, found 1e-300"
            ),
            (
                #"{"vision_config": {"image_size": [448, 224]}}"#,
                "'vision_config.image_size' should be an integer, or two equal ones, found a list of 2"
            ),
        ] {
            let error = #expect(throws: PretrainedError.self) { try read(json) }
            #expect(error?.reason == reason)
        }
    }

    @Test("reads a configuration of the publisher's own code")
    func remoteConfiguration() throws {
        let folder = try TemporaryFolder()
        let vision =
            #""vision_config": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,"#
            + #" "intermediate_size": 4096, "qkv_bias": true, "qk_normalization": false, "norm_type": "layer_norm"}"#
        func read(_ json: String) throws -> InternVL.Configuration {
            try InternVL.Configuration(PublishedConfiguration(json, in: folder))
        }
        var expected = InternVL.Configuration()
        expected.vision.hasAttentionBias = true
        expected.language = .init(.qwen3)
        expected.imageToken = 151_671
        #expect(
            try read(
                #"{"llm_config": {"model_type": "qwen3"}, "force_image_size": 448, "ps_version": "v2", \#(vision)}"#
            ) == expected
        )
        let error = #expect(throws: PretrainedError.self) { try read(#"{"llm_config": {}, \#(vision)}"#) }
        #expect(error?.reason == "'ps_version' should be v2, found v1")
    }

    @Test("reads a robot's prompt: a turn with an image a camera, then task and state")
    func processor() throws {
        let folder = try TemporaryFolder()
        let url = try folder.tokenizer("qwen")
        var configuration = Self.configuration
        configuration.language.vocabularySize = 347
        let processor = try InternVL.makeProcessor(url, configuration, ProcessorSettings(cameraCount: 2))
        let image = "<img><IMG_CONTEXT><IMG_CONTEXT><IMG_CONTEXT><IMG_CONTEXT></img>\n"
        let whole =
            "<|im_start|>user\n\(image)\(image)Task: pick, State: 3 14;\n<|im_end|>\n<|im_start|>assistant\n"
        let prompt = try processor.tokens(instruction: "Pick", state: [3, 14])
        #expect(try prompt == TextTokenizer(folder: url).encoded(whole, addsSpecialTokens: false))
        let batch = ObservationBatch(
            images: [[UInt8](repeating: 255, count: 768), [UInt8](repeating: 0, count: 768)],
            hasImage: [true, true],
            tokens: [prompt],
            state: []
        )
        let input = processor(batch, device: .cpu)
        let white = input.images[0].select(2, 0).select(2, 0).floats
        for (found, expected) in zip(white, [2.2489, 2.4286, 2.6400] as [Float]) {
            #expect(abs(found - expected) < 1e-3)
        }
        #expect(input.images[1].shape == [1, 3, 16, 16] && input.tokenMask == nil && input.hasImage == nil)
    }
}
