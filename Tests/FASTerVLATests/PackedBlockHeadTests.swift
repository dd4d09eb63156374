import ActionTokenizers
import Backbones
import CPUInference
import NN
import Testing
import Torch

@testable import FASTerVLA

@Suite("Heads of tokens on hand-written kernels")
struct PackedBlockHeadTests {
    /// A head with or without one of its extensions.
    enum Variant: String, CaseIterable, CustomTestStringConvertible {
        case plain, codewords, maskPredict, committedPrefix, earlyEnd, variableLength, everything

        var testDescription: String { rawValue }

        var knowsCodewords: Bool { self == .codewords || self == .everything }

        func change(_ head: inout BlockHead.Configuration) {
            head.codewordWidth = knowsCodewords ? 3 : nil
            head.supportsMaskPredict = self == .maskPredict || self == .everything
            head.committedSteps = self == .committedPrefix || self == .everything ? 4 : 0
            head.earlyEnd = self == .earlyEnd || self == .everything ? EarlyEnd(tolerance: 0.1) : nil
            head.isVariableLength = self == .variableLength
        }
    }

    private static let grid = SmallNetwork.Grid()

    /// A network whose biases and norms are not those of a new one.
    private func network(_ variant: Variant, blockSize: Int? = nil, hasExpert: Bool = true)
        -> FASTerVLANetwork
    {
        let network = SmallNetwork.network(blockSize: blockSize, grid: Self.grid, hasExpert: hasExpert) {
            variant.change(&$0)
        }
        network.blockHead?.set(SmallNetwork.codewords(of: Self.grid))
        withoutGradients {
            for named in network.parameters where named.tensor.rank == 1 || named.name.hasSuffix("outputBias")
            {
                named.tensor.copyInPlace(named.tensor + .randn(named.tensor.shape) * 0.3)
            }
        }
        return network
    }

    private func prefix(_ network: FASTerVLANetwork, batch: Int) -> Prefix {
        network.backbone.prefix(of: batch == 1 ? SmallNetwork.alone : SmallNetwork.input)
    }

    @Test(
        "give the inputs and scores that libtorch gives to 1e-5, of blocks that end within a codebook, too",
        arguments: [Variant.plain, .codewords],
        [nil, 1, 4, 7] as [Int?]
    )
    func agrees(variant: Variant, blockSize: Int?) throws {
        let head = try #require(network(variant, blockSize: blockSize).blockHead)
        let packed = try #require(PackedBlockHead(head))
        let (schedule, width) = (head.configuration.schedule, 128)
        withoutGradients {
            for block in schedule.blocks {
                for batch in [1, 3] {
                    let tokens = Tensor.randint(0 ..< SmallNetwork.codebookSize, [batch, block.count])
                    let expected = head.inputs(tokens, slots: block, schedule: schedule)
                    let found = packed.inputs(tokens, slots: block, schedule: schedule)
                    #expect(found.shape == expected.shape)
                    #expect((found - expected).abs().max().item < 1e-5)
                    let first = schedule.latentPosition(ofSlot: block.lowerBound)
                    let positions = first ..< min(first + block.count, Self.grid.latentPositions)
                    let codebook = schedule.codebook(ofSlot: block.lowerBound)
                    let features = Tensor.randn([batch, positions.count, width])
                    let scores = head.scores(of: features, codebook: codebook, positions: positions)
                    let own = packed.scores(of: features, codebook: codebook, positions: positions)
                    #expect(own.shape == scores.shape)
                    #expect((own - scores).abs().max().item < 1e-5)
                }
            }
        }
    }

    @Test("leave many rows to libtorch")
    func fallback() throws {
        let head = try #require(network(.codewords).blockHead)
        let packed = try #require(PackedBlockHead(head))
        let (schedule, batch) = (head.configuration.schedule, 20)
        withoutGradients {
            let tokens = Tensor.randint(0 ..< SmallNetwork.codebookSize, [batch, 5])
            let inputs = head.inputs(tokens, slots: 5 ..< 10, schedule: schedule)
            #expect(packed.inputs(tokens, slots: 5 ..< 10, schedule: schedule).floats == inputs.floats)
            let features = Tensor.randn([batch, 5, 128])
            let scores = head.scores(of: features, codebook: 1, positions: 0 ..< 5)
            #expect(packed.scores(of: features, codebook: 1, positions: 0 ..< 5).floats == scores.floats)
        }
    }

    @Test(
        "choose the codes that libtorch chooses, for one robot and several, with every extension of the head",
        arguments: Variant.allCases,
        [(true, nil), (true, 1), (false, nil)] as [(Bool, Int?)]
    )
    func decodes(variant: Variant, _ kind: (hasExpert: Bool, blockSize: Int?)) throws {
        let network = network(variant, blockSize: kind.blockSize, hasExpert: kind.hasExpert)
        let head = try #require(network.blockHead)
        let fast = InferenceBackend(fastestFor: network)
        #expect(fast.head is PackedBlockHead)
        withoutGradients {
            for batch in [1, SmallNetwork.batch] {
                let prefix = prefix(network, batch: batch)
                let committed = head.committedPrefix.map { _ in Tensor.randn([batch, 3, 2]) }
                let found = [InferenceBackend(network), fast].map { backend in
                    var latencies = LatencyEstimate()
                    return BlockDecoder(
                        head,
                        backend,
                        maskPredictBlocks: head.maskPredict == nil ? 0 : 2,
                        sampling: .greedy
                    )
                    .decode(after: prefix, committed: committed, latencies: &latencies)
                }
                #expect(found[0].codes.integers == found[1].codes.integers)
                #expect(found[0].chunkCodebooks == found[1].chunkCodebooks)
            }
        }
    }
}
