import Backbones
import Foundation
import NN
import Testing
import Torch

@testable import FASTerVLA

@Suite("Mask-predict re-decoding")
struct MaskPredictTests {
    private func network(_ grid: SmallNetwork.Grid = .init(), blockSize: Int? = nil) -> FASTerVLANetwork {
        SmallNetwork.network(blockSize: blockSize, grid: grid) { $0.supportsMaskPredict = true }
    }

    @Test("a revealed token is seen by its block, and by no earlier one")
    func visibility() throws {
        let network = network(blockSize: 5)
        let head = try #require(network.blockHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: SmallNetwork.input)
            let codes = Tensor.randint(0 ..< SmallNetwork.codebookSize, [3, 15])
            func logits(_ revealed: [Int]) -> Tensor {
                var conditioning = BlockConditioning()
                conditioning.isRevealed = Tensor((0 ..< 15).map(revealed.contains), shape: [1, 15])
                    .expanded([3, 15])
                return SmallNetwork.forcedLogits(network, codes, head, prefix, conditioning)
            }
            let difference = (logits([]) - logits([6])).abs().max(2)
            #expect(difference.narrowed(1, from: 0, count: 5).max().item == 0)
            #expect(difference.narrowed(1, from: 5, count: 5).max().item > 1e-4)
        }
    }

    @Test("adds the token's embedding and the one that marks revealed tokens to the inputs of its slot")
    func inputs() throws {
        let network = network(blockSize: 5)
        let head = try #require(network.blockHead)
        let weights = SmallNetwork.weights(network)
        let table = try #require(weights["head.blocks.embedding.weight"])
        let mark = try #require(weights["head.blocks.maskPredict.revealed.weight"])
        withoutGradients {
            let plain = Tensor.randn([1, 5, 128])
            let found = head.revealing(
                Tensor([3, 1, 4, 1, 5], shape: [1, 5]),
                Tensor([true, false, false, true, false], shape: [1, 5]),
                in: plain,
                slots: 5 ..< 10,
                head.configuration.schedule
            )
            // Entries of the second codebook begin at row 16.
            for (slot, row) in [(0, 19), (3, 17)] {
                let expected = plain.select(1, slot) + table.select(0, row) + mark
                #expect((found.select(1, slot) - expected).abs().max().item < 1e-6)
            }
            for slot in [1, 2, 4] { #expect(found.select(1, slot).floats == plain.select(1, slot).floats) }
        }
    }

    @Test("keeps tokens in the order of their doubt while that of those before adds up to less than 0.1 nats")
    func kept() {
        Torch.seed(4)
        for _ in 0 ..< 20 {
            let logits = Tensor.randn([1, 6, 4]) * 6
            let tokens = logits.argmax(2)
            let (scores, chosen) = (logits.floats.map(Double.init), tokens.integers)
            let doubts = (0 ..< 6).map { slot in
                let row = scores[slot * 4 ..< slot * 4 + 4]
                return log(row.reduce(0) { $0 + exp($1) }) - scores[slot * 4 + chosen[slot]]
            }
            var (expected, total) = ([Bool](repeating: false, count: 6), 0.0)
            for slot in (0 ..< 6).sorted(by: { doubts[$0] < doubts[$1] }) where total < 0.1 {
                expected[slot] = true
                total += doubts[slot]
            }
            let parts = [logits.narrowed(1, from: 0, count: 2), logits.narrowed(1, from: 2, count: 4)]
            #expect(MaskPredict.isKept(tokens, parts).values(as: UInt8.self).map { $0 == 1 } == expected)
        }
    }

    @Test("re-decodes a block from the training-time logits with the kept tokens revealed")
    func equalsTeacherForcing() throws {
        let network = network(blockSize: 5)
        let head = try #require(network.blockHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: SmallNetwork.input)
            let first = network.decoder(head, codebooks: 1).codes(after: prefix)
            let found = network.decoder(head, codebooks: 1, maskPredictBlocks: 1).codes(after: prefix)
            let codes = first.padded([0, 10])
            let plain = SmallNetwork.forcedLogits(network, codes, head, prefix)
                .narrowed(1, from: 0, count: 5)
            let isKept = MaskPredict.isKept(first, [plain])
            var conditioning = BlockConditioning()
            conditioning.isRevealed = isKept.padded([0, 10])
            let again = SmallNetwork.forcedLogits(network, codes, head, prefix, conditioning)
                .narrowed(1, from: 0, count: 5)
            let expected = first.selected(where: isKept, otherwise: again.argmax(2))
            #expect(found.integers == expected.integers)
        }
    }

    @Test("finds for one robot alone what it finds in a batch", arguments: [1, 3])
    func alone(maskPredictBlocks: Int) throws {
        let network = network(blockSize: 5)
        let head = try #require(network.blockHead)
        withoutGradients {
            let decoder = network.decoder(head, maskPredictBlocks: maskPredictBlocks)
            let prefix = network.backbone.prefix(of: SmallNetwork.alone)
            #expect(prefix.mask == nil)
            let one = decoder.codes(after: prefix).integers
            let all = decoder.codes(after: network.backbone.prefix(of: SmallNetwork.input)).integers
            #expect(Array(all.prefix(15)) == one)
        }
    }

    @Test("of a sequence that has ended looks up no entry beyond the last")
    func endedSequence() throws {
        let network = SmallNetwork.network(blockSize: 3, grid: .init(codebooks: 1, latentPositions: 6)) {
            ($0.supportsMaskPredict, $0.isVariableLength) = (true, true)
        }
        let head = try #require(network.blockHead)
        let end = Double(SmallNetwork.codebookSize)
        withoutGradients {
            let decoding = network.decoder(head, maskPredictBlocks: 2)
                .decode(after: network.backbone.prefix(of: SmallNetwork.input)) {
                    Tensor.full([$0.size(0)], end, dtype: .int64)
                }
            #expect(decoding.codes.shape == [3, 3])
        }
    }

    /// Two motions, each of equal codes, and nothing to tell which: sampled codes should be those of one or the other.
    @Test("mixes two motions less often")
    func modes() throws {
        Torch.seed(21)
        let network = network(.init(codebooks: 1, latentPositions: 6))
        let head = try #require(network.blockHead)
        var settings = AdamW.Configuration()
        settings.learningRate = 2e-3
        let optimizer = AdamW(network.parameters, configuration: settings)
        let input = SmallNetwork.input
        for step in 0 ..< 250 {
            // Every example has one motion as often as the other.
            let motion = Tensor((0 ..< 3).map { (step + $0) % 2 * 7 + 3 }, shape: [3, 1])
            let targets = SmallNetwork.targets(motion.to(.int64).expanded([3, 6]))
            network.loss(input, targets: targets).total.backward()
            GradientClipping.clip(network.parameters, limit: 1)
            optimizer.step(factor: 1 - Double(step) / 250)
            optimizer.forgetGradients()
        }
        var sampling = Sampling()
        sampling.temperature = 1
        func mixed(_ maskPredictBlocks: Int) -> Double {
            let decoder = network.decoder(head, maskPredictBlocks: maskPredictBlocks, sampling: sampling)
            return withoutGradients {
                let prefix = network.backbone.prefix(of: input)
                let samples = (0 ..< 100).flatMap { _ in
                    let codes = decoder.codes(after: prefix).integers
                    return (0 ..< 3).map { row in Set(codes[row * 6 ..< row * 6 + 6]).count > 1 }
                }
                return Double(samples.filter { $0 }.count) / Double(samples.count)
            }
        }
        let (once, again) = (mixed(0), mixed(1))
        #expect(once > 0.8)
        #expect(again < 0.3)
    }

    @Test("leaves a token of every block to be predicted, so that every codebook has a loss")
    func someTokenIsLeft() throws {
        Torch.seed(8)
        let network = network(.init(codebooks: 3, latentPositions: 1))
        for _ in 0 ..< 40 {
            let targets = SmallNetwork.targets(Tensor.randint(0 ..< 16, [3, 3]))
            #expect(network.loss(SmallNetwork.input, targets: targets).total.item.isFinite)
        }
    }

    @Test("reveals no ignored token, and not the only counted one of a block")
    func someCountedTokenIsLeft() throws {
        Torch.seed(8)
        let schedule = BlockSchedule(codebookCount: 2, latentPositionCount: 3)
        let row = [4, -100, -100, -100, 7, 2]
        let codes = Tensor(row + row + row, shape: [3, 6])
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0 ..< 60 {
            let revealed = MaskPredict.sampleRevealed(of: codes, schedule).to(.int64)
            for (slot, count) in revealed.sum(0).integers.enumerated() { counts[slot] += count }
            #expect(revealed.narrowed(1, from: 3, count: 3).sum(1).max().item < 2)
        }
        #expect(counts.prefix(4).allSatisfy { $0 == 0 } && counts[4] > 0 && counts[5] > 0)
    }
}
