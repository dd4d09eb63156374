import Backbones
import Testing
import Torch

@testable import FASTerVLA

@Suite("Committed action prefixes")
struct CommittedPrefixTests {
    private let network = SmallNetwork.network(blockSize: 5) { $0.committedSteps = 4 }

    /// `prefix` followed by tokens of committed `actions`, `[B, P, 2]`, made of the weights by hand.
    private func extended(_ prefix: Prefix, by actions: Tensor) throws -> Prefix {
        let weights = SmallNetwork.weights(network)
        let name = "head.blocks.committedPrefix"
        let steps = actions.size(1)
        let inputs =
            actions.linear(
                weight: try #require(weights["\(name).projection.weight"]),
                bias: weights["\(name).projection.bias"]
            )
            + (try #require(weights["\(name).steps.weight"])).narrowed(0, from: 0, count: steps)
        var cache = KeyValueCache(prefix)
        _ = network.suffixDecoder.decode(
            inputs,
            positions: .zeros([1, steps]),
            cache: &cache,
            mask: prefix.extendedMask(by: steps)
        )
        let none = Tensor.zeros([prefix.batch, prefix.keys[0].size(1), 0, prefix.keys[0].size(3)])
        let all = prefix.keys.indices.map { cache.append(key: none, value: none, layer: $0) }
        return Prefix(
            keys: all.map(\.key),
            values: all.map(\.value),
            mask: prefix.extendedMask(by: steps),
            nextPosition: prefix.nextPosition
        )
    }

    @Test(
        "are as good as a part of the prefix, at training time and when decoding",
        arguments: [1, 3, 4],
        [true, false]
    )
    func equalsLongerPrefix(steps: Int, isAlone: Bool) throws {
        let head = try #require(network.blockHead)
        try withoutGradients {
            let prefix = network.backbone.prefix(of: isAlone ? SmallNetwork.alone : SmallNetwork.input)
            Torch.seed(2)
            let actions = Tensor.randn([prefix.batch, 4, 2])
            let committed = actions.narrowed(1, from: 0, count: steps)
            let longer = try extended(prefix, by: committed)
            let decoder = network.decoder(head)
            var latencies = LatencyEstimate()
            let codes = decoder.decode(after: prefix, committed: committed, latencies: &latencies).codes
            let expected = SmallNetwork.forcedLogits(network, codes, head, longer)
            // Decoding chose what these logits say, but for rounding.
            let best = expected.max(2)
            let chosen = expected.gather(axis: 2, codes.unsqueezed(2)).squeezed(2)
            #expect((best - chosen).abs().max().item < 1e-5)
            var conditioning = BlockConditioning()
            let isCommitted = Tensor.arange(0 ..< 4).unsqueezed(0).less(Double(steps))
            conditioning.committed = (actions, isCommitted.expanded([prefix.batch, 4]))
            let forced = SmallNetwork.forcedLogits(network, codes, head, prefix, conditioning)
            #expect((forced - expected).abs().max().item < 1e-5)
            let without = SmallNetwork.forcedLogits(network, codes, head, prefix)
            #expect((forced - without).abs().max().item > 1e-4)
        }
    }

    @Test("of a training step are a random number of first actions, inside the episode")
    func samples() {
        Torch.seed(6)
        let isValid = Tensor([true, true, false, false], shape: [1, 4])
        let targets = ActionTargets(actions: .randn([1, 4, 2]), isValid: isValid, codes: nil)
        var counts = Set<Int>()
        for _ in 0 ..< 40 {
            let sampled = CommittedPrefix.sample(from: targets, atMost: 4).isCommitted.values(as: UInt8.self)
            #expect(sampled == sampled.sorted(by: >))
            counts.insert(sampled.reduce(0) { $0 + Int($1) })
        }
        #expect(counts == [0, 1, 2])
    }
}
