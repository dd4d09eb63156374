import DeviceCases
import NN
import Testing
import Torch

@testable import Backbones
@testable import FASTerVLA

@Suite("Policies on pretrained backbones")
struct PretrainedBackboneTests {
    typealias Model = SmallBackbone

    private func network(
        _ model: Model,
        hasExpert: Bool = true,
        dtype: DType = .float32,
        adapter: LowRankAdapter.Configuration? = nil
    ) -> FASTerVLANetwork {
        Torch.seed(11)
        let backbone = withAdapters(adapter) { withParameters(of: dtype) { model.backbone() } }
        var expert = ActionExpert.Configuration()
        expert.width = 8
        return FASTerVLANetwork(
            backbone: backbone,
            expert: hasExpert ? expert : nil,
            head: .blocks(
                .init(
                    schedule: BlockSchedule(codebookCount: 3, latentPositionCount: 5),
                    codebookSize: SmallNetwork.codebookSize,
                    dimension: 2
                )
            ),
            device: .cpu
        )
    }

    /// The largest difference between scores decoded with the cache and those of the training-time forward.
    private func cacheError(_ network: FASTerVLANetwork, _ input: PrefixInput) throws -> Double {
        let head = try #require(network.blockHead)
        return withoutGradients {
            let prefix = network.backbone.prefix(of: input)
            var scores: [Tensor] = []
            let codes = network.decoder(head).decode(after: prefix) { logits in
                scores.append(logits.reshaped(2, -1, SmallNetwork.codebookSize))
                return logits.argmax(-1)
            }.codes
            let expected = SmallNetwork.forcedLogits(network, codes, head, prefix)
            return (Tensor.concatenated(scores, axis: 1) - expected).abs().max().item
        }
    }

    @Test(
        "decode, with the cache, the scores of the training-time forward to 1e-5",
        arguments: Model.allCases,
        [true, false]
    )
    func cacheEqualsTeacherForcing(model: Model, hasExpert: Bool) throws {
        #expect(try cacheError(network(model, hasExpert: hasExpert), model.input()) < 1e-5)
    }

    /// Qwen2.5-VL's images are patches of a whole batch, which cannot be narrowed to an example.
    @Test(
        "decode a shorter prompt beside a longer one as alone, scores to 1e-5, but for a sliding window shorter than both",
        arguments: [Model.paliGemma, .smolVLM, .internVL],
        [true, false]
    )
    func padding(model: Model, hasExpert: Bool) throws {
        let network = network(model, hasExpert: hasExpert)
        #expect(network.isIndependent(model.input()))
        let windowed = self.network(.paliGemma2, hasExpert: hasExpert)
        var input = Model.paliGemma2.input()
        #expect(!windowed.isIndependent(input))
        input.tokenMask = nil
        #expect(windowed.isIndependent(input))
        let head = try #require(network.blockHead)
        let both = model.input()
        var second = both
        let length = both.tokens.size(1)
        second.images = both.images.map { $0.narrowed(0, from: 1, count: 1) }
        second.tokens = both.tokens.narrowed(0, from: 1, count: 1).narrowed(1, from: 0, count: length - 2)
        second.tokenMask = nil
        second.hasImage = both.hasImage?.narrowed(0, from: 1, count: 1)
        func scores(_ input: PrefixInput) -> (scores: Tensor, codes: [Int]) {
            var scores: [Tensor] = []
            let prefix = network.backbone.prefix(of: input)
            let codes = network.decoder(head).decode(after: prefix) { logits in
                scores.append(logits.reshaped(prefix.batch, -1, SmallNetwork.codebookSize))
                return logits.argmax(-1)
            }.codes
            return (Tensor.concatenated(scores, axis: 1), codes.integers)
        }
        withoutGradients {
            let (together, alone) = (scores(both), scores(second))
            let row = together.scores.narrowed(0, from: 1, count: 1)
            #expect((row - alone.scores).abs().max().item < 1e-5)
            #expect(Array(together.codes.suffix(alone.codes.count)) == alone.codes)
        }
    }

    @Test(
        "have an expert in single precision over keys and values of bfloat16",
        arguments: Model.allCases,
        [true, false]
    )
    func reducedPrecision(model: Model, hasExpert: Bool) throws {
        let network = network(model, hasExpert: hasExpert, dtype: .bfloat16)
        let input = model.input(dtype: .bfloat16)
        let prefix = withoutGradients { network.backbone.prefix(of: input) }
        #expect(prefix.keys.allSatisfy { $0.dtype == .bfloat16 })
        #expect(network.head.parameters.allSatisfy { $0.tensor.dtype == .float32 })
        // A block's own keys are rounded to the cache's type in both.
        #expect(try cacheError(network, input) < 2e-2)
    }

    @Test("leave an insulated backbone without the action loss", arguments: Model.allCases)
    func insulation(model: Model) throws {
        let network = network(model)
        Torch.seed(3)
        let targets = ActionTargets(
            actions: .randn([2, 6, 2]),
            isValid: .ones([2, 6], dtype: .bool),
            codes: Tensor.randint(0 ..< SmallNetwork.codebookSize, [2, 15])
        )
        let prefix = network.backbone.prefix(of: model.input())
        network.loss(after: prefix.detached(), targets: targets).total.backward()
        #expect(network.backbone.parameters.allSatisfy { $0.tensor.gradient == nil })
        #expect(network.expert?.parameters.allSatisfy { $0.tensor.gradient != nil } == true)
        network.loss(after: prefix, targets: targets).total.backward()
        #expect(network.backbone.parameters.contains { $0.tensor.gradient != nil })
    }

    @Test("train adapters of every linear layer of a frozen backbone, which changes nothing at first")
    func adapters() throws {
        let model = Model.smolVLM
        let plain = network(model)
        let adapted = network(model, adapter: .init())
        let weights = SmallNetwork.weights(plain)
        withoutGradients {
            for named in adapted.tensors where !named.isOfAdapter {
                if let weight = weights[named.name] { named.tensor.copyInPlace(weight) }
            }
            let keys = [plain, adapted].map { $0.backbone.prefix(of: model.input()).keys[2] }
            #expect((keys[0] - keys[1]).abs().max().item == 0)
        }
        adapted.backbone.freezeAllButAdapters()
        let trained = Set(adapted.backbone.parameters.map(\.name))
        #expect(trained.allSatisfy { $0.contains(".adapter.") })
        #expect(trained.contains("language.decoder.layers.0.attention.projection.adapter.down"))
        #expect(trained.contains("language.decoder.layers.2.feedForward.gate.adapter.up"))
        #expect(!trained.contains { $0.contains("head.adapter") })
    }
}
