import Backbones
import NN
import Testing
import Torch

@testable import FASTerVLA

@Suite("Block-wise decoding")
struct BlockDecoderTests {
    @Test(
        "gives, with the cache, the scores of the training-time forward to 1e-5",
        arguments: [
            SmallNetwork.Grid(), SmallNetwork.Grid(codebooks: 2, latentPositions: 7),
            SmallNetwork.Grid(codebooks: 4, latentPositions: 8),
            SmallNetwork.Grid(codebooks: 1, latentPositions: 9),
        ],
        [true, false].flatMap { hasExpert in
            BlockSize.allCases.map { Case(blocks: $0, hasExpert: hasExpert) }
                + BlockSize.allCases.map { Case(blocks: $0, hasExpert: hasExpert, knowsCodewords: true) }
        }
    )
    func cacheEqualsTeacherForcing(grid: SmallNetwork.Grid, variant: Case) throws {
        let blockSize = variant.blocks.codes(of: grid)
        let network = SmallNetwork.network(blockSize: blockSize, grid: grid, hasExpert: variant.hasExpert) {
            $0.codewordWidth = variant.knowsCodewords ? 3 : nil
        }
        let head = try #require(network.blockHead)
        head.set(SmallNetwork.codewords(of: grid))
        withoutGradients {
            let prefix = network.backbone.prefix(of: SmallNetwork.input)
            var scores: [Tensor] = []
            let codes = network.decoder(head).decode(after: prefix) { logits in
                scores.append(logits.reshaped(SmallNetwork.batch, -1, SmallNetwork.codebookSize))
                return logits.argmax(-1)
            }.codes
            #expect(codes.shape == [SmallNetwork.batch, grid.count])
            let expected = SmallNetwork.forcedLogits(network, codes, head, prefix)
            let difference = (Tensor.concatenated(scores, axis: 1) - expected).abs().max().item
            #expect(difference < 1e-5)
        }
    }

    /// Blocks, with an action expert or by the backbone's own weights.
    struct Case: Sendable, CustomTestStringConvertible {
        var blocks: BlockSize
        var hasExpert: Bool
        var knowsCodewords = false

        var testDescription: String {
            "\(blocks), \(hasExpert ? "with" : "without") expert\(knowsCodewords ? ", with codewords" : "")"
        }
    }

    /// Number of codes in a block.
    enum BlockSize: CaseIterable {
        case one, seven, eight, codebook, all

        func codes(of grid: SmallNetwork.Grid) -> Int? {
            switch self {
            case .one: 1
            case .seven: 7
            case .eight: 8
            case .codebook: nil
            case .all: grid.count
            }
        }
    }

    @Test("needs one forward a block")
    func forwards() throws {
        let network = SmallNetwork.network(blockSize: nil)
        let head = try #require(network.blockHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: SmallNetwork.input)
            for (blockSize, expected) in [(5, 3), (1, 15)] {
                var forwards = 0
                _ = network.decoder(head, blockSize: blockSize).decode(
                    after: prefix
                ) {
                    forwards += 1
                    return $0.argmax(-1)
                }
                #expect(forwards == expected)
            }
        }
    }

    @Test("lets no score depend on its own block's or a later block's codes")
    func causality() throws {
        let network = SmallNetwork.network(blockSize: nil)
        let head = try #require(network.blockHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: SmallNetwork.input)
            let codes = Tensor.randint(0 ..< SmallNetwork.codebookSize, [SmallNetwork.batch, 15])
            let other = Tensor.concatenated(
                [
                    codes.narrowed(1, from: 0, count: 5),
                    Tensor.randint(0 ..< SmallNetwork.codebookSize, [SmallNetwork.batch, 10]),
                ],
                axis: 1
            )
            let first = network.teacherForcedLogits(codes: codes, head, prefix: prefix, training: false)
                .codebooks
            let second = network.teacherForcedLogits(codes: other, head, prefix: prefix, training: false)
                .codebooks
            #expect((first[0] - second[0]).abs().max().item == 0)
            #expect((first[1] - second[1]).abs().max().item < 1e-6)
            #expect((first[2] - second[2]).abs().max().item > 1e-4)
        }
    }

    @Test("ignores what lies under the instruction's padding")
    func padding() throws {
        let network = SmallNetwork.network(blockSize: nil)
        let head = try #require(network.blockHead)
        withoutGradients {
            let decoder = network.decoder(head)
            let one = decoder.codes(after: network.backbone.prefix(of: SmallNetwork.alone)).integers
            let all = decoder.codes(after: network.backbone.prefix(of: SmallNetwork.input)).integers
            #expect(Array(all.prefix(15)) == one)
        }
    }

    @Test("learns a batch by heart")
    func overfits() throws {
        let network = SmallNetwork.network(blockSize: nil)
        let head = try #require(network.blockHead)
        let input = SmallNetwork.input
        Torch.seed(5)
        let codes = Tensor.randint(0 ..< SmallNetwork.codebookSize, [SmallNetwork.batch, 15])
        var settings = AdamW.Configuration()
        settings.learningRate = 2e-3
        let optimizer = AdamW(network.parameters, configuration: settings)
        for _ in 0 ..< 120 {
            network.loss(input, targets: SmallNetwork.targets(codes)).total.backward()
            GradientClipping.clip(network.parameters, limit: 1)
            optimizer.step(factor: 1)
            optimizer.forgetGradients()
        }
        let decoded = withoutGradients {
            network.decoder(head).codes(after: network.backbone.prefix(of: SmallNetwork.input))
        }
        #expect(decoded.integers == codes.integers)
    }

    @Test(
        "gives every parameter a gradient, those of the extensions too",
        arguments: [true, false]
    )
    func gradients(hasExpert: Bool) throws {
        let network = SmallNetwork.network(blockSize: nil, hasExpert: hasExpert) {
            ($0.supportsMaskPredict, $0.committedSteps) = (true, 4)
        }
        Torch.seed(3)
        let codes = Tensor.randint(0 ..< SmallNetwork.codebookSize, [SmallNetwork.batch, 15])
        let output = try #require(network.backbone as? CompactBackbone).output(for: SmallNetwork.input)
        let loss = network.loss(
            after: output.prefix,
            targets: SmallNetwork.targets(codes),
            settings: LossSettings()
        ).total
        // The actions' loss does not reach the estimate of object poses.
        (loss + (try #require(output.objectPoses)).values.sum()).backward()
        for parameter in network.parameters { #expect(parameter.tensor.gradient != nil, "\(parameter.name)") }
    }
}
