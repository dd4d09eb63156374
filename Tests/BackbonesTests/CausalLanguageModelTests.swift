import NN
import Testing
import Torch

@testable import Backbones

@Suite("Causal language model")
struct CausalLanguageModelTests {
    private let model: CausalLanguageModel

    init() {
        Torch.seed(8)
        model = CausalLanguageModel(.tiny(.qwen3), device: .cpu)
    }

    private func error(_ a: Tensor, _ b: Tensor) -> Double { (a - b).abs().max().item / b.abs().max().item }

    private func trace(_ input: PrefixInput, _ images: [Tensor]) -> [String: Tensor] {
        var traced: [String: Tensor] = [:]
        model.trace(input, images: images, placeholder: 50, layout: layout(input)) { traced[$0] = $1 }
        return traced
    }

    private func prefix(_ input: PrefixInput, _ images: [Tensor]) -> Prefix {
        model.prefix(of: input, images: images, placeholder: 50, layout: layout(input))
    }

    private func layout(_ input: PrefixInput) -> PromptLayout {
        PromptLayout(input, placeholder: 50, tokensPerImage: [3])
    }

    @Test("decodes text after a prompt as the whole forward scores it")
    func cached() throws {
        try withoutGradients {
            let image = Tensor.randn([1, 3, 16])
            let tokens = Tensor([4, 50, 50, 50, 5, 6, 7], shape: [1, 7])
            let expected = try #require(trace(PrefixInput(tokens: tokens), [image])["logits"])
            let prompt = PrefixInput(tokens: tokens.narrowed(1, from: 0, count: 5))
            let prefix = self.prefix(prompt, [image])
            #expect(prefix.nextPosition.integers == [5] && prefix.length == 5)
            var cache = KeyValueCache(prefix, roomFor: 2)
            for index in 5 ..< 7 {
                let features = model.decoder.decode(
                    model.embeddings(ofWords: tokens.narrowed(1, from: index, count: 1)),
                    positions: Tensor([index], shape: [1, 1]),
                    cache: &cache,
                    mask: nil
                )
                let whole = expected.narrowed(1, from: index, count: 1)
                #expect(error(model.logits(of: features), whole) < 1e-5)
            }
        }
    }

    @Test("lets no token see a later one")
    func causal() throws {
        try withoutGradients {
            let image = Tensor.randn([1, 3, 16])
            let logits = try [7, 8].map { last in
                let tokens = Tensor([4, 50, 50, 50, 5, last], shape: [1, 6])
                return try #require(trace(PrefixInput(tokens: tokens), [image])["logits"])
            }
            let earlier = logits.map { $0.narrowed(1, from: 0, count: 5).floats }
            #expect(earlier[0] == earlier[1])
            #expect(logits[0].floats != logits[1].floats)
            let other = try #require(
                trace(PrefixInput(tokens: Tensor([4, 50, 50, 50, 5, 7], shape: [1, 6])), [image * 2])[
                    "logits"
                ]
            )
            #expect(other.select(1, 0).floats == logits[0].select(1, 0).floats)
            #expect(other.select(1, 4).floats != logits[0].select(1, 4).floats)
        }
    }

    @Test("hides the image of a camera that a robot lacks, even at the beginning, and its positions")
    func absentImage() {
        withoutGradients {
            let image = Tensor.randn([2, 3, 16])
            var input = PrefixInput(tokens: Tensor([50, 50, 50, 5, 6, 50, 50, 50, 5, 6], shape: [2, 5]))
            input.hasImage = Tensor([false, true], shape: [2, 1])
            let prefix = self.prefix(input, [image])
            #expect(prefix.nextPosition.integers == [2, 5])
            let words = PrefixInput(tokens: Tensor([5, 6], shape: [1, 2]))
            let alone = self.prefix(words, [])
            for layer in 0 ..< 2 {
                #expect(prefix.keys[layer].isFinite().all().item == 1)
                let found = prefix.keys[layer].narrowed(0, from: 0, count: 1)
                    .narrowed(2, from: 3, count: 2)
                #expect(error(found, alone.keys[layer]) < 1e-5)
            }
        }
    }

    @Test("joins square neighbours of patches row by row, their channels one after the other")
    func pixelShuffle() {
        let patches = Tensor((0 ..< 32).map { Float($0) }, shape: [1, 16, 2])
        let tokens = patches.pixelShuffled(by: 2)
        #expect(tokens.shape == [1, 4, 8])
        #expect(tokens.select(1, 0).floats == [0, 1, 2, 3, 8, 9, 10, 11])
        #expect(tokens.select(1, 1).floats == [4, 5, 6, 7, 12, 13, 14, 15])
        #expect(tokens.select(1, 2).floats == [16, 17, 18, 19, 24, 25, 26, 27])
    }
}

extension CausalLanguageModel.Configuration {
    /// Two layers of 16 channels, 40 words.
    static func tiny(_ family: Family) -> Self {
        var configuration = Self(family)
        (configuration.vocabularySize, configuration.width, configuration.layerCount) = (40, 16, 2)
        (configuration.headCount, configuration.keyValueHeadCount, configuration.headWidth) = (2, 1, 8)
        configuration.feedForwardWidth = 24
        return configuration
    }
}
