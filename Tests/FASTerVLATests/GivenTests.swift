import Backbones
import NN
import Testing
import Torch

@testable import FASTerVLA

@Suite("What slots are told beside earlier blocks")
struct GivenTests {
    private let tests = BlockDecoderTests()

    @Test(
        "pending steps give, with the cache, the scores of the training-time forward to 1e-5",
        arguments: [1, 3, 4],
        [true, false]
    )
    func pending(steps: Int, isAlone: Bool) throws {
        let network = BlockDecoderTests.network(blockSize: 5) { $0.pendingSteps = 4 }
        let head = try #require(network.codeHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: isAlone ? tests.alone : tests.input)
            let batch = isAlone ? 1 : 3
            let actions = Tensor.randn([batch, 4, 2])
            var costs = DecodingCosts()
            let codes = BlockDecoder(network, head, sampling: .greedy).decoding(
                after: prefix,
                pending: actions.narrowed(1, from: 0, count: steps),
                before: nil,
                costs: &costs
            ).codes
            let areGiven = Tensor.arange(0 ..< 4).unsqueezed(0).less(Double(steps)).expanded([batch, 4])
            var given = FASTerVLANetwork.Given()
            given.pending = (actions, areGiven)
            let forced = network.teacherForcedLogits(
                codes: codes,
                head,
                prefix: prefix,
                given: given,
                training: false
            ).codebooks
            let scores = Tensor.concatenated(forced, axis: 1)
                .narrowed(2, from: 0, count: BlockDecoderTests.codebookSize)
            // What was chosen greedily is what the training-time forward scores best, but for rounding.
            let best = scores.max(2)
            let chosen = scores.gather(axis: 2, codes.unsqueezed(2)).squeezed(2)
            #expect((best - chosen).abs().max().item < 1e-5)
            // And it is told something: without the steps, scores are others.
            let without = network.teacherForcedLogits(codes: codes, head, prefix: prefix, training: false)
                .codebooks
            #expect((without[0] - forced[0]).abs().max().item > 1e-4)
        }
    }

    @Test("a code that is given to its slot is seen by its block, and by no earlier one")
    func ownCodes() throws {
        let network = BlockDecoderTests.network(blockSize: 5) { $0.looksAgain = true }
        let head = try #require(network.codeHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: tests.input)
            let codes = Tensor.randint(0 ..< BlockDecoderTests.codebookSize, [3, 15])
            func scores(_ slots: [Int]) -> [Tensor] {
                var given = FASTerVLANetwork.Given()
                given.ownCodes = Tensor((0 ..< 15).map(slots.contains), shape: [1, 15]).expanded([3, 15])
                return network.teacherForcedLogits(
                    codes: codes,
                    head,
                    prefix: prefix,
                    given: given,
                    training: false
                ).codebooks
            }
            let (none, one) = (scores([]), scores([6]))
            #expect((none[0] - one[0]).abs().max().item == 0)
            #expect((none[1] - one[1]).abs().max().item > 1e-4)
        }
    }

    @Test("a second look finds for one robot alone what it finds in a batch", arguments: [1, 3])
    func alone(secondLooks: Int) throws {
        let network = BlockDecoderTests.network(blockSize: 5) { $0.looksAgain = true }
        let head = try #require(network.codeHead)
        withoutGradients {
            let decoder = BlockDecoder(network, head, secondLooks: secondLooks, sampling: .greedy)
            let prefix = network.backbone.prefix(of: tests.alone)
            #expect(prefix.mask == nil)
            let one = decoder.codes(after: prefix).integers
            let all = decoder.codes(after: network.backbone.prefix(of: tests.input)).integers
            #expect(Array(all.prefix(15)) == one)
        }
    }

    @Test("a second look at a list that has ended reads no entry beyond the last")
    func endedList() throws {
        let grid = BlockDecoderTests.Grid(codebooks: 1, places: 6)
        let network = BlockDecoderTests.network(blockSize: 3, grid: grid) {
            ($0.looksAgain, $0.listsEnd) = (true, true)
        }
        let head = try #require(network.codeHead)
        let end = Double(BlockDecoderTests.codebookSize)
        withoutGradients {
            let decoder = BlockDecoder(network, head, secondLooks: 2, sampling: .greedy)
            let decoding = decoder.decoding(after: network.backbone.prefix(of: tests.input)) {
                Tensor.full([$0.size(0)], end, dtype: .int64)
            }
            #expect(decoding.codes.shape == [3, 3])
        }
    }

    /// Two motions, each of equal codes, and nothing that tells which: what is drawn should be one or the other.
    @Test("a second look mixes two motions less often")
    func modes() throws {
        Torch.seed(21)
        let grid = BlockDecoderTests.Grid(codebooks: 1, places: 6)
        let network = BlockDecoderTests.network(blockSize: nil, grid: grid) { $0.looksAgain = true }
        let head = try #require(network.codeHead)
        var settings = AdamW.Configuration()
        settings.learningRate = 2e-3
        let optimizer = AdamW(network.parameters, configuration: settings)
        let input = tests.input
        for step in 0 ..< 250 {
            // Every example has one motion as often as the other.
            let motion = Tensor((0 ..< 3).map { (step + $0) % 2 * 7 + 3 }, shape: [3, 1])
            network.loss(input, targets: tests.targets(motion.to(.int64).expanded([3, 6]))).total.backward()
            GradientClipping.clip(network.parameters, limit: 1)
            optimizer.step(factor: 1 - Double(step) / 250)
            optimizer.forgetGradients()
        }
        var sampling = Sampling()
        sampling.temperature = 1
        func mixed(_ secondLooks: Int) -> Double {
            let decoder = BlockDecoder(network, head, secondLooks: secondLooks, sampling: sampling)
            return withoutGradients {
                let prefix = network.backbone.prefix(of: input)
                let draws = (0 ..< 100).flatMap { _ in
                    let codes = decoder.codes(after: prefix).integers
                    return (0 ..< 3).map { row in Set(codes[row * 6 ..< row * 6 + 6]).count > 1 }
                }
                return Double(draws.filter { $0 }.count) / Double(draws.count)
            }
        }
        let (apart, again) = (mixed(0), mixed(1))
        #expect(apart > 0.8)
        #expect(again < 0.3)
    }

    @Test("leaves a code of every block to be answered, so that every codebook has a loss")
    func someCodeIsLeft() throws {
        Torch.seed(8)
        let grid = BlockDecoderTests.Grid(codebooks: 3, places: 1)
        let network = BlockDecoderTests.network(blockSize: nil, grid: grid) { $0.looksAgain = true }
        for _ in 0 ..< 40 {
            let loss = network.loss(tests.input, targets: tests.targets(Tensor.randint(0 ..< 16, [3, 3])))
            #expect(loss.total.item.isFinite)
        }
    }

    @Test("tells no code that counts in no loss, and not the only one of a block that does")
    func someCountedCodeIsLeft() throws {
        Torch.seed(8)
        let grid = BlockDecoderTests.Grid(codebooks: 2, places: 3)
        let network = BlockDecoderTests.network(blockSize: nil, grid: grid) { $0.looksAgain = true }
        let head = try #require(network.codeHead)
        let row = [4, -100, -100, -100, 7, 2]
        let codes = Tensor(row + row + row, shape: [3, 6])
        var told = [Int](repeating: 0, count: 6)
        for _ in 0 ..< 60 {
            let given = network.drawGiven(tests.targets(codes), codes, head.configuration)
            let own = try #require(given.ownCodes).to(.int64)
            for (slot, count) in own.sum(0).integers.enumerated() { told[slot] += count }
            #expect(own.narrowed(1, from: 3, count: 3).sum(1).max().item < 2)
        }
        #expect(told.prefix(4).allSatisfy { $0 == 0 } && told[4] > 0 && told[5] > 0)
    }

    @Test("lists of a batch that end apart are decoded as if alone")
    func lists() throws {
        Torch.seed(9)
        let grid = BlockDecoderTests.Grid(codebooks: 1, places: 6)
        let network = BlockDecoderTests.network(blockSize: 1, grid: grid) { $0.listsEnd = true }
        let head = try #require(network.codeHead)
        let end = BlockDecoderTests.codebookSize
        let wanted = [
            [3, 1, end, -100, -100, -100], [5, 2, 7, 4, end, -100], [1, end, -100, -100, -100, -100],
        ]
        let targets = tests.targets(Tensor(wanted.flatMap { $0 }, shape: [3, 6]))
        var settings = AdamW.Configuration()
        settings.learningRate = 2e-3
        let optimizer = AdamW(network.parameters, configuration: settings)
        let input = tests.input
        for _ in 0 ..< 120 {
            network.loss(input, targets: targets).total.backward()
            GradientClipping.clip(network.parameters, limit: 1)
            optimizer.step(factor: 1)
            optimizer.forgetGradients()
        }
        let codes = withoutGradients {
            BlockDecoder(network, head, sampling: .greedy).codes(after: network.backbone.prefix(of: input))
        }
        #expect(codes.size(1) == 5)
        let found = (0 ..< 3).map { codes.integers[$0 * 5 ..< $0 * 5 + 5].prefix { $0 < end } }
        #expect(found.map(Array.init) == [[3, 1], [5, 2, 7, 4], [1]])
    }
}
