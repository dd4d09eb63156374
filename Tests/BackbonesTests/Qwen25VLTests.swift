import Foundation
import NN
import Support
import TemporaryFolder
import Testing
import TextTokenizers
import Torch

@testable import Backbones

@Suite("Qwen2.5-VL")
struct Qwen25VLTests {
    /// Cells of two by two patches, windows of two by two cells.
    static var configuration: Qwen25VL.Configuration {
        var configuration = Qwen25VL.Configuration()
        (configuration.vision.width, configuration.vision.headCount) = (16, 2)
        (configuration.vision.layerCount, configuration.vision.fullAttentionLayers) = (2, [1])
        (configuration.vision.feedForwardWidth, configuration.vision.outputWidth) = (20, 24)
        (configuration.vision.patchSize, configuration.vision.windowSize) = (2, 8)
        configuration.language = .tiny(.qwen2)
        (configuration.language.width, configuration.language.headWidth) = (24, 12)
        (configuration.language.rotarySections, configuration.imageToken) = ([1, 2, 3], 30)
        return configuration
    }

    private let model: Qwen25VL

    init() {
        Torch.seed(6)
        model = Qwen25VL(Self.configuration, device: .cpu)
    }

    /// Rows of words around one image of six cells each, of different shapes.
    private func input() -> PrefixInput {
        let image = [Int](repeating: 30, count: 6)
        let rows = [[3, 4] + image + [5, 6, 7], [3, 4] + image + [8, 9, 10]]
        var input = PrefixInput(
            images: [.randn([2 * 24, 3 * 2 * 2 * 2])],
            tokens: Tensor(rows.flatMap { $0 }, shape: [2, 11])
        )
        input.grids = [ImageGrid(rows: 4, columns: 6), ImageGrid(rows: 2, columns: 12)]
        return input
    }

    private func error(_ a: Tensor, _ b: Tensor) -> Double { (a - b).abs().max().item / b.abs().max().item }

    @Test("reads images window by window, and puts their cells back")
    func windows() {
        let order = WindowOrder(
            [ImageGrid(rows: 16, columns: 20), ImageGrid(rows: 6, columns: 10)],
            mergeSize: 2,
            windowCells: 4
        )
        #expect(order.windowLengths == [64, 64, 32, 64, 64, 32, 48, 12])
        #expect(order.imageLengths == [320, 60])
        #expect(order.cells.sorted() == Array(0 ..< 95) && order.cells != Array(0 ..< 95))
        #expect(order.inverse.map { order.cells[$0] } == Array(0 ..< 95))
        // The second row of the first window is below its first one.
        #expect(Array(order.cells[0 ..< 5]) == [0, 1, 2, 3, 10])
        #expect(
            Array(zip(order.rows, order.columns).prefix(5)).map { [$0, $1] }
                == [[0, 0], [0, 1], [1, 0], [1, 1], [0, 2]]
        )
        #expect(order.rows[16 ..< 18] == [2, 2] && order.rows[320] == 0)
    }

    @Test("sees windows only, in layers without full attention")
    func windowAttention() {
        var configuration = Self.configuration.vision
        /// Cells that a change of the first patch reaches, of three by three: windows of 4, 2, 2 and 1 cells.
        func reached(_ fullAttention: [Int]) -> [Int] {
            Torch.seed(7)
            configuration.fullAttentionLayers = fullAttention
            let encoder = Qwen25VisionEncoder(configuration, device: .cpu)
            let grid = [ImageGrid(rows: 6, columns: 6)]
            let pixels = Tensor.randn([36, 24])
            let other = pixels.clone()
            other.select(0, 0).copyInPlace(.randn([24]))
            return withoutGradients {
                let order = encoder.order(of: grid)
                let tokens = [pixels, other].map {
                    encoder.tokens(of: encoder.features(of: $0, order), order)
                }
                let change = (tokens[0] - tokens[1]).abs().max(1)
                return change.floats.indices.filter { change.floats[$0] > 0 }
            }
        }
        #expect(reached([]) == [0, 1, 3, 4])
        #expect(reached([1]) == Array(0 ..< 9))
    }

    @Test("counts words one by one, and the cells of an image by row and column")
    func positions() {
        let tokens = [1, 1] + [Int](repeating: 30, count: 6) + [1, 1, 0]
        var input = PrefixInput(
            tokens: Tensor(tokens, shape: [1, 11]),
            tokenMask: Tensor(tokens.map { $0 > 0 }, shape: [1, 11])
        )
        input.grids = [ImageGrid(rows: 4, columns: 6)]
        let found = MultimodalPositions(input, placeholder: 30, mergeSize: 2)
        #expect(
            found.axes == [
                [0, 1, 2, 2, 2, 2, 2, 2, 5, 6, 0],
                [0, 1, 2, 2, 2, 3, 3, 3, 5, 6, 0],
                [0, 1, 2, 3, 4, 2, 3, 4, 5, 6, 0],
            ]
        )
        #expect(found.next == [7])
        input.hasImage = Tensor([false], shape: [1, 1])
        let absent = MultimodalPositions(input, placeholder: 30, mergeSize: 2)
        #expect(absent.axes[1] == [0, 1, 0, 0, 0, 0, 0, 0, 2, 3, 0] && absent.next == [4])
        #expect(absent.isSeen == [true, true] + [Bool](repeating: false, count: 6) + [true, true, false])
    }

    @Test("decodes text after a prompt as the whole forward scores it")
    func cached() throws {
        try withoutGradients {
            let whole = input()
            var traced: [String: Tensor] = [:]
            model.trace(whole) { traced[$0] = $1 }
            var prompt = whole
            prompt.tokens = whole.tokens.narrowed(1, from: 0, count: 9)
            let prefix = model.prefix(of: prompt)
            // Two words, an image three or six cells wide, a word.
            #expect(prefix.nextPosition.integers == [6, 9])
            var cache = KeyValueCache(prefix, roomFor: 2)
            let features = (9 ..< 11).map { index in
                model.decode(
                    model.embeddings(ofWords: whole.tokens.narrowed(1, from: index, count: 1)),
                    positions: prefix.nextPosition.unsqueezed(1) + Double(index - 9),
                    cache: &cache,
                    mask: nil
                )
            }
            let found = model.logits(of: .concatenated(features, axis: 1))
            let expected = try #require(traced["logits"]).narrowed(1, from: 9, count: 2)
            #expect(error(found, expected) < 1e-5)
        }
    }

    @Test("lets no token see later ones, nor padding")
    func causal() throws {
        try withoutGradients {
            func logits(_ input: PrefixInput) throws -> Tensor {
                var found: Tensor?
                model.trace(input) { if $0 == "logits" { found = $1 } }
                return try #require(found)
            }
            var (first, last) = (input(), input())
            last.images = first.images
            last.tokens = first.tokens.clone()
            last.tokens.select(1, 10).fillInPlace(20)
            let (a, b) = (try logits(first), try logits(last))
            #expect(a.narrowed(1, from: 0, count: 10).floats == b.narrowed(1, from: 0, count: 10).floats)
            #expect(a.select(1, 10).floats != b.select(1, 10).floats)
            // A first image that is absent changes nothing after it.
            first.hasImage = Tensor([false, true], shape: [2, 1])
            let c = try logits(first)
            first.images[0] = first.images[0].clone()
            first.images[0].narrowed(0, from: 0, count: 24).copyInPlace(.randn([24, 24]))
            let d = try logits(first)
            #expect(
                c.select(0, 0).narrowed(0, from: 8, count: 3).floats
                    == d.select(0, 0).narrowed(0, from: 8, count: 3).floats
            )
            #expect(c.isFinite().all().item == 1)
        }
    }

    @Test("gives every parameter a gradient")
    func gradients() throws {
        var logits: Tensor?
        model.trace(input()) { if $0 == "logits" { logits = $1 } }
        try #require(logits).squared().mean().backward()
        for parameter in model.parameters {
            #expect(try #require(parameter.tensor.gradient).abs().max().item > 0, "\(parameter.name)")
        }
    }

    @Test("reads a robot's prompt and images: patches cell by cell, prompt by prompt")
    func processor() throws {
        let folder = try TemporaryFolder()
        let url = try folder.tokenizer("qwen")
        var configuration = Self.configuration
        (configuration.imageToken, configuration.language.vocabularySize) = (341, 350)
        let processor = try Qwen25VL.makeProcessor(url, configuration, ProcessorSettings(cameraCount: 2))
        let image = "<|vision_start|>" + String(repeating: "<|image_pad|>", count: 16) + "<|vision_end|>"
        let whole =
            "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n\(image)\(image)"
            + "Task: pick, State: 3 14;\n<|im_end|>\n<|im_start|>assistant\n"
        let prompt = try processor.tokens(instruction: "Pick", state: [3, 14])
        #expect(try prompt == TextTokenizer(folder: url).encoded(whole, addsSpecialTokens: false))
        #expect(processor.imageSizes == Array(repeating: ImageSize(height: 16, width: 16), count: 2))
        var random = SeededRandom(seed: 9)
        let cameras = (0 ..< 2).map { _ in
            (0 ..< 2 * 768).map { _ in UInt8.random(in: 0 ... 255, using: &random) }
        }
        let batch = ObservationBatch(
            images: cameras,
            hasImage: [true, true, false, true],
            tokens: [prompt, prompt],
            state: []
        )
        let input = processor(batch, device: .cpu)
        #expect(input.grids == Array(repeating: ImageGrid(rows: 8, columns: 8), count: 4))
        #expect(input.images.map(\.shape) == [[256, 24]] && input.hasImage?.integers == [1, 1, 0, 1])
        // Prompt by prompt, camera by camera: the first patch of each.
        for image in 0 ..< 4 {
            let pixels = cameras[image % 2].dropFirst(image / 2 * 768)
            let patch = input.images[0].select(0, image * 64).floats
            for (index, mean, deviation) in [(0, 0.481_454_66, 0.268_629_54), (8, 0.457_827_5, 0.261_302_58)]
            {
                // Two frames of two rows of two pixels a channel.
                let byte = try #require(pixels.dropFirst(index / 8).first)
                #expect(abs(Double(patch[index]) - (Double(byte) / 255 - mean) / deviation) < 1e-5)
            }
        }
        let model = Qwen25VL(configuration, device: .cpu)
        withoutGradients { #expect(model.prefix(of: input).nextPosition.size(0) == 2) }
    }

    @Test("reads the Hub's keys and transformers 5's, and takes what is missing from the published classes")
    func configuration() throws {
        let folder = try TemporaryFolder()
        func read(_ json: String) throws -> Qwen25VL.Configuration {
            try Qwen25VL.Configuration(PublishedConfiguration(json, in: folder))
        }
        var expected = Qwen25VL.Configuration()
        (expected.vision.width, expected.vision.outputWidth) = (1280, 2048)
        (expected.language.width, expected.language.layerCount) = (2048, 36)
        (expected.language.headCount, expected.language.keyValueHeadCount) = (16, 2)
        (expected.language.feedForwardWidth, expected.language.epsilon) = (11_008, 1e-6)
        expected.language.vocabularySize = 151_936
        let vision =
            #""vision_config": {"hidden_size": 1280, "in_chans": 3, "spatial_patch_size": 14, "out_hidden_size": 2048}"#
        let text =
            #""hidden_size": 2048, "num_hidden_layers": 36, "num_attention_heads": 16, "num_key_value_heads": 2,"#
            + #" "intermediate_size": 11008, "rms_norm_eps": 1e-6, "vocab_size": 151936, "tie_word_embeddings": true"#
        for rotary in [
            #""rope_theta": 1e6, "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}"#,
            #""rope_scaling": {"type": "default", "rope_type": "default", "mrope_section": [16, 24, 24]}"#,
            #""rope_parameters": {"rope_type": "default", "type": "mrope", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}"#,
            #""rope_theta": 1e6"#,
        ] {
            #expect(try read("{\(vision), \(text), \(rotary)}") == expected)
            #expect(try read("{\(vision), \"text_config\": {\(text), \(rotary)}}") == expected)
        }
        let other = try read(
            #"{"vision_config": {"out_hidden_size": 1024}, "text_config": {"hidden_size": 1024,"#
                + #" "num_attention_heads": 8, "num_key_value_heads": null, "use_sliding_window": true,"#
                + #" "max_window_layers": 70, "rope_parameters": {"rope_theta": 7, "mrope_section": [8, 32, 24]}}}"#
        )
        let language = other.language
        #expect(language.rotaryBase == 7 && language.rotarySections == [8, 32, 24])
        #expect(language.keyValueHeadCount == 8 && language.epsilon == 1e-5 && other.vision.width == 3584)
        #expect(language.layers.map(\.slidingWindow) == (0 ..< 80).map { $0 < 70 ? nil : 4096 })
        #expect(language.layers.allSatisfy { $0.attention.hasBias && !$0.attention.hasOutputBias })
        let sections = #expect(throws: PretrainedError.self) {
            try read(
                "{\(vision), \(text), \"rope_scaling\": {\"type\": \"mrope\", \"mrope_section\": [2, 3]}}"
            )
        }
        #expect(sections?.reason == "'mrope_section' should be three numbers, together 64, found [2, 3]")
        let width = #expect(throws: PretrainedError.self) { try read("{\(text)}") }
        #expect(
            width?.reason == "'hidden_size' should be 3584, vision_config's 'out_hidden_size', found 2048"
        )
    }
}
