import Backbones
import NN
import Testing
import Torch

@testable import FASTerVLA

@Suite("Block-wise decoding")
struct BlockDecoderTests {
    static let codebookSize = 16
    let batch = 3

    /// Codebooks and places; blocks of 7 and 8 codes end inside, at the end of, and beyond a codebook of these.
    struct Grid: Sendable, CustomTestStringConvertible {
        var codebooks = 3
        var places = 5

        var count: Int { codebooks * places }
        var testDescription: String { "\(codebooks) x \(places)" }
    }

    static func network(
        blockSize: Int?,
        grid: Grid = Grid(),
        hasExpert: Bool = true,
        change: (inout CodeHead.Configuration) -> Void = { _ in }
    ) -> FASTerVLANetwork {
        Torch.seed(11)
        var configuration = CompactBackbone.Configuration(
            cameras: [
                .init(height: 32, width: 32, pixelsPerToken: 16, keypoints: 3),
                .init(height: 32, width: 64, pixelsPerToken: 32),
            ],
            stateDimension: 3
        )
        configuration.width = 32
        configuration.layerCount = 3
        configuration.objectPoseDimension = 2
        configuration.supportsDecoding = !hasExpert
        var head = CodeHead.Configuration(
            schedule: BlockSchedule(
                codebookCount: grid.codebooks,
                placeCount: grid.places,
                blockSize: blockSize
            ),
            codebookSize: codebookSize,
            dimension: 2
        )
        change(&head)
        return FASTerVLANetwork(
            backbone: CompactBackbone(configuration, device: .cpu),
            expert: hasExpert ? .init() : nil,
            head: .codes(head),
            device: .cpu
        )
    }

    /// Codes as targets; the actions count only where the robot is committed to them.
    func targets(_ codes: Tensor) -> ActionTargets {
        ActionTargets(
            actions: .randn([batch, 6, 2]),
            isValid: .ones([batch, 6], dtype: .bool),
            codes: codes
        )
    }

    var input: PrefixInput {
        Torch.seed(12)
        var text = Tensor.randint(1 ..< 257, [batch, 12]).values(as: Int.self)
        for index in 5 ..< 12 { text[index] = 0 }
        return PrefixInput(
            images: [
                Tensor.randint(0 ..< 256, [batch, 32, 32, 3]).to(.uint8),
                Tensor.randint(0 ..< 256, [batch, 32, 64, 3]).to(.uint8),
            ],
            text: Tensor(text, shape: [batch, 12]),
            state: Tensor.randint(0 ..< 256, [batch, 3])
        )
    }

    /// The first of the batch, as one robot asks: without padding.
    var alone: PrefixInput {
        let whole = input
        return PrefixInput(
            images: whole.images.map { $0.narrowed(0, from: 0, count: 1) },
            text: whole.text.narrowed(0, from: 0, count: 1).narrowed(1, from: 0, count: 5),
            state: whole.state.narrowed(0, from: 0, count: 1)
        )
    }

    @Test(
        "gives, with the cache, the scores of the training-time forward to 1e-5",
        arguments: [
            Grid(), Grid(codebooks: 2, places: 7), Grid(codebooks: 4, places: 8),
            Grid(codebooks: 1, places: 9),
        ],
        [true, false].flatMap { hasExpert in BlockSize.allCases.map { Case(blocks: $0, hasExpert: hasExpert) }
        }
    )
    func cacheEqualsTeacherForcing(grid: Grid, variant: Case) throws {
        let blockSize = variant.blocks.codes(of: grid)
        let network = Self.network(blockSize: blockSize, grid: grid, hasExpert: variant.hasExpert)
        let head = try #require(network.codeHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: input)
            var scores: [Tensor] = []
            let codes = BlockDecoder(network, head, sampling: .greedy).decoding(after: prefix) { logits in
                scores.append(logits.reshaped(batch, -1, Self.codebookSize))
                return logits.argmax(-1)
            }.codes
            #expect(codes.shape == [batch, grid.count])
            let forced = network.teacherForcedLogits(codes: codes, head, prefix: prefix, training: false)
                .codebooks
            let expected = Tensor.concatenated(forced, axis: 1).narrowed(2, from: 0, count: Self.codebookSize)
            let difference = (Tensor.concatenated(scores, axis: 1) - expected).abs().max().item
            #expect(difference < 1e-5)
        }
    }

    /// Blocks, with an action expert or by the backbone's own weights.
    struct Case: Sendable, CustomTestStringConvertible {
        var blocks: BlockSize
        var hasExpert: Bool

        var testDescription: String { "\(blocks), \(hasExpert ? "with" : "without") expert" }
    }

    /// How many codes a block has.
    enum BlockSize: CaseIterable {
        case one, seven, eight, codebook, all

        func codes(of grid: Grid) -> Int? {
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
        let network = Self.network(blockSize: nil)
        let head = try #require(network.codeHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: input)
            for (blockSize, expected) in [(5, 3), (1, 15)] {
                var forwards = 0
                _ = BlockDecoder(network, head, blockSize: blockSize, sampling: .greedy).decoding(
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
        let network = Self.network(blockSize: nil)
        let head = try #require(network.codeHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: input)
            let codes = Tensor.randint(0 ..< Self.codebookSize, [batch, 15])
            let other = Tensor.concatenated(
                [
                    codes.narrowed(1, from: 0, count: 5),
                    Tensor.randint(0 ..< Self.codebookSize, [batch, 10]),
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
        let network = Self.network(blockSize: nil)
        let head = try #require(network.codeHead)
        withoutGradients {
            let decoder = BlockDecoder(network, head, sampling: .greedy)
            let one = decoder.codes(after: network.backbone.prefix(of: alone)).integers
            let all = decoder.codes(after: network.backbone.prefix(of: input)).integers
            #expect(Array(all.prefix(15)) == one)
        }
    }

    @Test("learns a batch by heart")
    func overfits() throws {
        let network = Self.network(blockSize: nil)
        let head = try #require(network.codeHead)
        let input = self.input
        Torch.seed(5)
        let codes = Tensor.randint(0 ..< Self.codebookSize, [batch, 15])
        var settings = AdamW.Configuration()
        settings.learningRate = 2e-3
        let optimizer = AdamW(network.parameters, configuration: settings)
        for _ in 0 ..< 120 {
            network.loss(input, targets: targets(codes)).total.backward()
            GradientClipping.clip(network.parameters, limit: 1)
            optimizer.step(factor: 1)
            optimizer.forgetGradients()
        }
        let decoded = withoutGradients {
            BlockDecoder(network, head, sampling: .greedy).codes(after: network.backbone.prefix(of: input))
        }
        #expect(decoded.integers == codes.integers)
    }

    @Test(
        "gives every parameter a gradient, those for given codes and pending steps too",
        arguments: [true, false]
    )
    func gradients(hasExpert: Bool) throws {
        let network = Self.network(blockSize: nil, hasExpert: hasExpert) {
            ($0.looksAgain, $0.pendingSteps) = (true, 4)
        }
        Torch.seed(3)
        let codes = Tensor.randint(0 ..< Self.codebookSize, [batch, 15])
        let output = try #require(network.backbone as? CompactBackbone).output(for: input)
        let loss = network.loss(after: output.prefix, targets: targets(codes), settings: LossSettings()).total
        // The actions' loss does not reach the estimate of object poses.
        (loss + (try #require(output.objectPoses)).values.sum()).backward()
        for parameter in network.parameters { #expect(parameter.tensor.gradient != nil, "\(parameter.name)") }
    }
}
