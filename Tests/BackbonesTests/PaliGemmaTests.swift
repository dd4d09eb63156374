import Foundation
import NN
import TemporaryFolder
import Testing
import TextTokenizers
import Torch

@testable import Backbones

@Suite("PaliGemma")
struct PaliGemmaTests {
    static var configuration: PaliGemma.Configuration {
        var configuration = PaliGemma.Configuration()
        configuration.vision.width = 12
        configuration.vision.headCount = 2
        configuration.vision.layerCount = 1
        configuration.vision.feedForwardWidth = 20
        (configuration.vision.imageSize, configuration.vision.patchSize) = (8, 4)
        (configuration.vocabularySize, configuration.imageToken) = (40, 50)
        (configuration.width, configuration.layerCount, configuration.feedForwardWidth) = (16, 2, 24)
        (configuration.headCount, configuration.keyValueHeadCount, configuration.headWidth) = (2, 1, 8)
        return configuration
    }

    private let model: PaliGemma

    init() {
        Torch.seed(6)
        model = PaliGemma(Self.configuration, device: .cpu)
    }

    /// Two images of four patches, then words.
    private func input(words: [Int]) -> PrefixInput {
        PrefixInput(
            images: [.randn([1, 3, 8, 8]), .randn([1, 3, 8, 8])],
            tokens: Tensor([Int](repeating: 50, count: 8) + words, shape: [1, 8 + words.count])
        )
    }

    private func error(_ a: Tensor, _ b: Tensor) -> Double { (a - b).abs().max().item / b.abs().max().item }

    @Test("decodes text after a prompt as the whole forward scores it")
    func cached() throws {
        try withoutGradients {
            let words = [3, 4, 5, 6, 7]
            var whole = input(words: words)
            whole.isSuffix = Tensor((0 ..< 13).map { $0 >= 11 }, shape: [1, 13])
            var traced: [String: Tensor] = [:]
            model.trace(whole) { traced[$0] = $1 }
            var prompt = whole
            (prompt.isSuffix, prompt.tokens) = (nil, whole.tokens.narrowed(1, from: 0, count: 11))
            let prefix = model.prefix(of: prompt)
            #expect(prefix.nextPosition.integers == [12] && prefix.length == 11)
            var cache = KeyValueCache(prefix, roomFor: 2)
            let features = model.decode(
                model.embeddings(ofWords: whole.tokens.narrowed(1, from: 11, count: 2)),
                positions: Tensor([12, 13], shape: [1, 2]),
                cache: &cache,
                mask: Tensor.concatenated(
                    [.ones([1, 1, 2, 11], dtype: .bool), .causalMask(2, device: .cpu)],
                    axis: 3
                )
            )
            let expected = try #require(traced["logits"]).narrowed(1, from: 11, count: 2)
            #expect(error(model.logits(of: features), expected) < 1e-5)
        }
    }

    @Test("hides the image of a camera that a robot lacks, and gives rows of a batch positions of their own")
    func absentImage() {
        withoutGradients {
            var input = input(words: [3, 4])
            input.hasImage = Tensor([true, false], shape: [1, 2])
            let prefix = model.prefix(of: input)
            #expect(prefix.nextPosition.integers == [7])
            input.images[1] = .randn([1, 3, 8, 8])
            let other = model.prefix(of: input)
            for layer in 0 ..< 2 {
                for range in [0 ..< 4, 8 ..< 10] {
                    let (a, b) = (prefix.keys[layer], other.keys[layer])
                    #expect(
                        a.narrowed(2, from: range.lowerBound, count: range.count).floats
                            == b.narrowed(2, from: range.lowerBound, count: range.count).floats
                    )
                }
            }
            input.hasImage = nil
            #expect(model.prefix(of: input).keys[1].floats != other.keys[1].floats)
        }
    }

    @Test(
        "reads a robot's prompt: placeholders, the text's beginning, task and state, as bytes scaled to -1 ... 1"
    )
    func processor() throws {
        let folder = try TemporaryFolder()
        let golden = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../TextTokenizersTests/Golden/gemma/tokenizer.json")
        let file = folder.appending(path: "model/tokenizer.json")
        let url = file.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: golden, to: file)
        try Data(#"{"bos_token": "<bos>", "pad_token": "<pad>"}"#.utf8)
            .write(to: url.appending(path: "tokenizer_config.json"))
        let tokenizer = try TextTokenizer(folder: url)
        let settings = ProcessorSettings(cameraCount: 2)
        let configuration = Self.configuration.with { ($0.vocabularySize, $0.imageToken) = (349, 348) }
        let processor = try PaliGemma.makeProcessor(url, configuration, settings)
        let prompt = try processor.tokens(instruction: " Pick_up the Cup\n", state: [0, 12, 255])
        let words = try tokenizer.encoded(
            "Task: pick up the cup, State: 0 12 255;\n",
            addsSpecialTokens: false
        )
        #expect(prompt == [Int](repeating: 348, count: 8) + [2] + words)
        func refusal(_ instruction: String) -> String? {
            let error = #expect(throws: PromptError.self) {
                try processor.tokens(instruction: instruction, state: [])
            }
            return error?.description
        }
        #expect(
            refusal("pick <image>")
                == "instruction: expected words, found '<image>', which stands for an image; leave it out"
        )
        #expect(
            refusal("pick <loc0000>")
                == "instruction: '<loc0000>' is one of the text tokenizer's tokens, and not of the network's 349: take the "
                + "text tokenizer of the network"
        )
        #expect(processor.imageSizes == [ImageSize(height: 8, width: 8), ImageSize(height: 8, width: 8)])
        let black = [UInt8](repeating: 0, count: 192)
        var corner = black
        (corner[0], corner[1], corner[2]) = (255, 51, 0)
        let batch = ObservationBatch(
            images: [corner, black],
            hasImage: [true, false],
            tokens: [[5, 6]],
            tokenCount: 3,
            state: []
        )
        let input = processor(batch, device: .cpu)
        #expect(input.tokens.integers == [5, 6, 0] && input.tokenMask?.integers == [1, 1, 0])
        #expect(input.images.map(\.shape) == [[1, 3, 8, 8], [1, 3, 8, 8]])
        #expect(input.images[0].select(2, 0).select(2, 0).floats == [1, -0.6, -1])
        #expect(input.hasImage?.integers == [1, 0] && input.state == nil)
        let images = url.appending(path: "preprocessor_config.json")
        try Data(#"{"image_mean": [1, 0.2, 0], "image_std": 0.25}"#.utf8).write(to: images)
        let other = try PaliGemma.makeProcessor(url, configuration, settings).callAsFunction(
            batch,
            device: .cpu
        )
        #expect(other.images[0].select(2, 0).select(2, 0).floats == [0, 0, 0])
        #expect(other.images[1].select(2, 0).select(2, 0).floats == [-4, -0.8, 0])
        try Data(#"{"do_rescale": false, "do_normalize": false}"#.utf8).write(to: images)
        let bytes = try PaliGemma.makeProcessor(url, configuration, settings).callAsFunction(
            batch,
            device: .cpu
        )
        let corners = bytes.images[0].select(2, 0).select(2, 0).floats
        for (found, expected) in zip(corners, [255, 51, 0] as [Float]) {
            #expect(abs(found - expected) < 1e-3)
        }
        try Data(#"{"image_std": [0.5, 0, 0.5]}"#.utf8).write(to: images)
        let none = #expect(throws: PretrainedError.self) {
            try PaliGemma.makeProcessor(url, configuration, settings)
        }
        #expect(none?.reason.contains("'image_std' should be above 0") == true)
    }

    @Test("gives an expert keys through which gradients flow, unless they are detached")
    func insulation() {
        let prefix = model.prefix(of: input(words: [3]))
        #expect(prefix.keys[1].requiresGradient)
        #expect(!prefix.detached().keys[1].requiresGradient && !prefix.detached().values[0].requiresGradient)
    }

    @Test("reads older and newer keys, and takes what is missing from the published classes")
    func configuration() throws {
        let folder = try TemporaryFolder()
        func read(_ json: String) throws -> PaliGemma.Configuration {
            try PaliGemma.Configuration(PublishedConfiguration(json, in: folder))
        }
        #expect(try read("{}") == .paliGemma3B.with { $0.imageToken = 256_000 })
        let older = try read(
            #"{"image_token_index": 9, "text_config": {"hidden_size": 8, "rope_theta": 5, "hidden_act": "gelu"}}"#
        )
        #expect(older.imageToken == 9 && older.rotaryBase == 5 && older.activation == .geluTanh)
        #expect(older.layerCount == 28 && older.headWidth == 256)
        let newer = try read(
            #"{"text_config": {"rope_parameters": {"rope_type": "default", "rope_theta": 7.0}}}"#
        )
        #expect(newer.rotaryBase == 7)
        let error = #expect(throws: PretrainedError.self) {
            try read(#"{"text_config": {"rope_parameters": {"rope_type": "yarn"}}}"#)
        }
        #expect(
            error?.reason == "'text_config.rope_parameters.rope_type' should be default or mrope, found yarn"
        )
        let other = #expect(throws: PretrainedError.self) {
            try read(#"{"text_config": {"head_dim": "wide"}}"#)
        }
        #expect(other?.reason == "'text_config.head_dim' should be an integer, found 'wide'")
    }
}

@Suite("PaliGemma 2")
struct PaliGemma2Tests {
    /// Three layers, every other one with a window of three tokens.
    private static let configuration = PaliGemmaTests.configuration.with {
        ($0.family, $0.layerCount, $0.queryScalar) = (.gemma2, 3, 12)
        ($0.attentionSoftCap, $0.logitSoftCap) = (2, 1)
        ($0.slidingWindow, $0.slidingLayers) = (3, [0, 2])
    }

    private let model: PaliGemma

    init() {
        Torch.seed(6)
        model = PaliGemma(Self.configuration, device: .cpu)
    }

    /// An image of four patches, words, and text after the prompt.
    private func trace(_ words: [Int], suffix: Int) throws -> [String: Tensor] {
        let length = 4 + words.count
        var input = PrefixInput(
            images: [Tensor.arange(0 ..< 192, device: .cpu).to(.float32).reshaped(1, 3, 8, 8) / 192],
            tokens: Tensor([50, 50, 50, 50] + words, shape: [1, length])
        )
        input.isSuffix = Tensor((0 ..< length).map { $0 >= length - suffix }, shape: [1, length])
        var traced: [String: Tensor] = [:]
        withoutGradients { model.trace(input) { traced[$0] = $1 } }
        return traced
    }

    @Test("lets tokens of a prompt see all of it, however long; text after it sees its newest tokens")
    func windows() throws {
        // The input of the second layer, after one with a window: a prompt's last word reaches the first patch, whose
        // neighbour in a text after the prompt it does not.
        let (a, b) = (try trace([3, 4, 5, 6], suffix: 0), try trace([3, 4, 5, 7], suffix: 0))
        let (first, second) = (try #require(a["hidden.1"]), try #require(b["hidden.1"]))
        #expect(first.select(1, 0).floats != second.select(1, 0).floats)
        let (c, d) = (try trace([3, 4, 5, 6], suffix: 3), try trace([7, 4, 5, 6], suffix: 3))
        let (third, fourth) = (try #require(c["hidden.1"]), try #require(d["hidden.1"]))
        // The word before the text is seen by its first two tokens.
        let seen = (0 ..< 8).filter { third.select(1, $0).floats != fourth.select(1, $0).floats }
        #expect(seen == [0, 1, 2, 3, 4, 5, 6])
        let (last, other) = (try #require(c["logits"]), try #require(d["logits"]))
        // It reaches the last token through the layer without a window.
        #expect(last.select(1, 7).floats != other.select(1, 7).floats)
    }

    @Test("gives every parameter a gradient")
    func gradients() throws {
        var logits: Tensor?
        model.trace(
            PrefixInput(images: [.randn([1, 3, 8, 8])], tokens: Tensor([50, 50, 50, 50, 3], shape: [1, 5]))
        ) {
            if $0 == "logits" { logits = $1 }
        }
        try #require(logits).squared().mean().backward()
        for parameter in model.parameters {
            #expect(try #require(parameter.tensor.gradient).abs().max().item > 0, "\(parameter.name)")
        }
    }

    @Test("bounds the scores of words")
    func softCap() throws {
        let logits = try #require(try trace([3, 4, 5, 6], suffix: 0)["logits"])
        #expect(logits.abs().max().item <= 1)
    }

    @Test("reads keys of Gemma 2, and takes what is missing from its class")
    func configuration() throws {
        let folder = try TemporaryFolder()
        func read(_ text: String) throws -> PaliGemma.Configuration {
            let json = #"{"text_config": {"model_type": "gemma2"\#(text)}}"#
            return try PaliGemma.Configuration(PublishedConfiguration(json, in: folder))
        }
        let missing = try read("")
        #expect(missing.width == 2304 && missing.layerCount == 26 && missing.feedForwardWidth == 9216)
        #expect(missing.headCount == 8 && missing.keyValueHeadCount == 4 && missing.headWidth == 256)
        #expect(missing.queryScalar == 256 && missing.attentionSoftCap == 50 && missing.logitSoftCap == 30)
        #expect(missing.layers.map(\.slidingWindow) == (0 ..< 26).map { $0.isMultiple(of: 2) ? 4096 : nil })
        #expect(missing.layers.allSatisfy { $0.normalizesBranches && $0.attention.softCap == 50 })
        let other = try read(
            #", "num_hidden_layers": 2, "layer_types": ["full_attention", "sliding_attention"], "sliding_window": 7,"#
                + #" "attn_logit_softcapping": null, "final_logit_softcapping": null, "query_pre_attn_scalar": 144"#
        )
        #expect(other.layers.map(\.slidingWindow) == [nil, 7] && other.layers[0].attention.scale == 1.0 / 12)
        #expect(other.attentionSoftCap == nil && other.logitSoftCap == nil)
        #expect(try read(#", "sliding_window": null"#).layers.allSatisfy { $0.slidingWindow == nil })
        let error = #expect(throws: PretrainedError.self) {
            try read(#", "num_hidden_layers": 2, "layer_types": ["full_attention"]"#)
        }
        #expect(
            error?.reason
                == "'text_config.layer_types' should be 2 times sliding_attention or full_attention, found 1 times full_attention"
        )
        let window = #expect(throws: PretrainedError.self) { try read(#", "sliding_window": 0"#) }
        #expect(
            window?.reason == "'text_config.sliding_window' should be an integer from 1 to 16777216, found 0"
        )
        let unknown = #expect(throws: PretrainedError.self) {
            try PaliGemma.weightNames(
                PublishedConfiguration(#"{"text_config": {"model_type": "gemma3_text"}}"#, in: folder)
            )
        }
        #expect(
            unknown?.reason == "'text_config.model_type' should be one of gemma, gemma2, found 'gemma3_text'"
        )
    }
}

extension PaliGemma.Configuration {
    fileprivate func with(_ change: (inout Self) -> Void) -> Self {
        var other = self
        change(&other)
        return other
    }
}
