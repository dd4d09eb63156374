import Backbones
import NN
import RobotTypes
import Testing
import Torch

@testable import FASTerVLA

@Suite("Heads of continuous actions")
struct BaselineHeadTests {
    private let horizon = 6

    private func network(_ head: ActionHead.Configuration, hasExpert: Bool = true) -> FASTerVLANetwork {
        Torch.seed(11)
        return FASTerVLANetwork(
            backbone: SmallNetwork.network(blockSize: nil, hasExpert: hasExpert).backbone,
            expert: hasExpert ? .init() : nil,
            head: head,
            device: .cpu
        )
    }

    private func train(_ network: FASTerVLANetwork, _ targets: ActionTargets, steps: Int) {
        var settings = AdamW.Configuration()
        settings.learningRate = 3e-3
        let optimizer = AdamW(network.parameters, configuration: settings)
        let input = SmallNetwork.input
        for _ in 0 ..< steps {
            network.loss(input, targets: targets).total.backward()
            GradientClipping.clip(network.parameters, limit: 1)
            optimizer.step(factor: 1)
            optimizer.forgetGradients()
        }
    }

    /// Smooth motions in [-1, 1]; of the last example only two steps lie inside the episode.
    private var targets: ActionTargets {
        let steps = Tensor.arange(0 ..< 3 * horizon * 2, dtype: .float32).reshaped(3, horizon, 2)
        var isValid = [Bool](repeating: true, count: 3 * horizon)
        for step in 2 ..< horizon { isValid[2 * horizon + step] = false }
        return ActionTargets(
            actions: steps.sin() * 0.8,
            isValid: Tensor(isValid, shape: [3, horizon]),
            codes: nil
        )
    }

    private func error(_ network: FASTerVLANetwork) throws -> Double {
        var decoder = ActionDecoder(network, actions: .values(SmallPolicy.normalization(2)))
        return try withoutGradients {
            let prediction = try decoder.predict(after: network.backbone.prefix(of: SmallNetwork.input))
            #expect(prediction.codebooks == nil && prediction.chunks.count == 3)
            let found = Tensor(prediction.chunks.values, shape: [3, horizon, 2])
            return targets.mean(of: (found - targets.actions).abs()).item
        }
    }

    @Test("a regression learns a batch by heart, in one forward", arguments: [true, false])
    func regression(hasExpert: Bool) throws {
        let network = network(.regression(.init(horizon: horizon, dimension: 2)), hasExpert: hasExpert)
        train(network, targets, steps: 120)
        #expect(try error(network) < 0.12)
    }

    @Test("flow matching finds the way from noise to a batch's actions")
    func flow() throws {
        let network = network(.flow(.init(horizon: horizon, dimension: 2)))
        train(network, targets, steps: 250)
        Torch.seed(4)
        #expect(try error(network) < 0.2)
    }

    @Test("steps of flow matching each begin with the prefix alone", arguments: [1, 3])
    func flowSteps(batch: Int) throws {
        let network = network(.flow(.init(horizon: horizon, dimension: 2)))
        guard case .flow(let head) = network.head else {
            Issue.record("expected a head of flow matching")
            return
        }
        withoutGradients {
            let prefix = network.backbone.prefix(of: batch == 1 ? SmallNetwork.alone : SmallNetwork.input)
            Torch.seed(6)
            let found = FlowDecoder(head, InferenceBackend(fastestFor: network)).actions(after: prefix)
                .actions
            Torch.seed(6)
            var expected = Tensor.randn([batch, horizon, 2])
            for step in 0 ..< 10 {
                var cache = KeyValueCache(prefix)
                let time = Tensor.full([batch], 1 - Double(step) / 10)
                expected =
                    expected
                    - head.direction(
                        expected,
                        time: time,
                        after: prefix,
                        cache: &cache,
                        network.suffixDecoder
                    ) * 0.1
            }
            #expect((found - expected).abs().max().item < 1e-4)
        }
    }

    @Test("steps beyond an episode's end count in no loss")
    func padding() {
        let whole = targets
        let beyond = whole.isValid.unsqueezed(2).expanded([3, horizon, 2]).logicalNot()
        let changed = ActionTargets(
            actions: whole.actions.filled(where: beyond, with: 7),
            isValid: whole.isValid,
            codes: nil
        )
        let network = network(.regression(.init(horizon: horizon, dimension: 2)))
        let losses = [whole, changed].map { network.loss(SmallNetwork.input, targets: $0).total.item }
        #expect(losses[0] == losses[1])
    }
}
