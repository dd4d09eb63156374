import Backbones
import FASTerVLA
import NN
import RobotTypes
import Torch
import Training

/// Time of every head from a prefix to a chunk, on one backbone.
///
/// Weights are random: the time of a forward does not depend on their values.
struct Decoding {
    private let effort: Effort

    init(_ effort: Effort) { self.effort = effort }

    /// Tokens of FAST for a chunk of 16 x 4 of fifty MetaWorld tasks, on average (Documentation/Evidence/Tokenizers.md).
    private static let tokensOfFAST = 15

    /// Coordinates of a codeword of the linear tokenizer, for an arm.
    private static let codewordWidth = 16

    /// Control steps and columns of the chunk.
    private static let chunk = (horizon: 16, dimension: 4)

    /// The quickstart's grid of 3 x 5 codes, and what it is compared with.
    func comparisons() throws -> [Comparison] { [try heads()] }

    private func heads() throws -> Comparison {
        Torch.seed(0)
        let grid = BlockSchedule(codebookCount: 3, latentPositionCount: 5)
        let blocks = network(codes(grid, entries: 512))
        let (input, several) = (input(), input(batch: 8))
        let (prefix, prefixWork) = withoutGradients { countingProducts { blocks.backbone.prefix(of: input) } }
        let encoder = InferenceBackend(fastestFor: blocks).prefixEncoder
        let tokens = network(
            codes(BlockSchedule(codebookCount: 3, latentPositionCount: 5, blockSize: 1), entries: 512)
        )
        let list = BlockSchedule(codebookCount: 1, latentPositionCount: Self.tokensOfFAST, blockSize: 1)
        let bins = BlockSchedule(
            codebookCount: 1,
            latentPositionCount: Self.chunk.horizon * Self.chunk.dimension,
            blockSize: 1
        )
        let alone = network(
            codes(grid, entries: 512),
            hasExpert: false
        )
        let aloneAfter = withoutGradients { alone.backbone.prefix(of: input) }
        return try Comparison(
            "One chunk of 16 x 4 actions, compact policy of \(blocks.parameterCount) parameters, by its head",
            notes: [
                "Two images of 96 x 96 pixels, float32, batch 1, greedy; \(prefix.keys[0].size(2)) prefix tokens. "
                    + "Without what codes take to become actions."
            ],
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                contestant("blocks, 3 forwards", blocks, prefix),
                contestant(
                    "blocks, the first one re-decoded, 4 forwards",
                    blocks,
                    prefix,
                    maskPredictBlocks: 1
                ),
                contestant("blocks without expert, 3 forwards", alone, aloneAfter),
                contestant("tokens, 15 forwards", tokens, prefix),
                contestant(
                    "FAST's tokens, \(Self.tokensOfFAST) forwards",
                    network(codes(list, entries: 1024)),
                    prefix
                ),
                contestant("bins, 64 forwards", network(codes(bins, entries: 256)), prefix),
                flow(prefix),
                regression(prefix),
                Contestant("prefix, 1 forward", least: effort.seconds, work: prefixWork) {
                    withoutGradients { _ = encoder.prefix(of: input) }
                },
                Contestant("prefix through libtorch", least: effort.seconds, work: prefixWork) {
                    withoutGradients { _ = blocks.backbone.prefix(of: input) }
                },
                contestant("prefix and blocks", blocks, prefix, input: input),
                contestant("prefix and tokens", tokens, prefix, input: input),
                Contestant("prefixes of 8 observations", items: 8, least: effort.seconds) {
                    withoutGradients { _ = encoder.prefix(of: several) }
                },
                Contestant("prefixes of 8 through libtorch", items: 8, least: effort.seconds) {
                    withoutGradients { _ = blocks.backbone.prefix(of: several) }
                },
                contestant("blocks, 4096 entries", network(codes(grid, entries: 4096)), prefix),
                contestant(
                    "the same, geometry of codewords",
                    network(codes(grid, entries: 4096, codewordWidth: Self.codewordWidth)),
                    prefix
                ),
            ]
        )
        .ratio(0, to: 3, target: "at most 0.35")
        .ratio(0, to: 4, target: "at most 0.25")
        .ratio(10, to: 11, target: "at most 0.35")
        .ratio(12, to: 13)
        .ratio(15, to: 14)
    }

    private func contestant(
        _ name: String,
        _ network: FASTerVLANetwork,
        _ prefix: Prefix,
        maskPredictBlocks: Int = 0,
        input: PrefixInput? = nil
    ) -> Contestant {
        let backend = InferenceBackend(fastestFor: network)
        let decoder = network.blockHead.map {
            BlockDecoder(
                $0,
                backend,
                maskPredictBlocks: maskPredictBlocks,
                sampling: .greedy
            )
        }
        return Contestant(
            name,
            least: effort.seconds,
            work: input == nil ? work(network, prefix, maskPredictBlocks) : nil
        ) {
            withoutGradients {
                let prefix = input.map { backend.prefixEncoder.prefix(of: $0) } ?? prefix
                _ = decoder?.codes(after: prefix).integers
            }
        }
    }

    /// Products after a prefix, counted through libtorch.
    private func work(_ network: FASTerVLANetwork, _ prefix: Prefix, _ maskPredictBlocks: Int)
        -> ProductCount?
    {
        network.blockHead.map { head in
            let decoder = BlockDecoder(
                head,
                InferenceBackend(network),
                maskPredictBlocks: maskPredictBlocks,
                sampling: .greedy
            )
            return withoutGradients { countingProducts { decoder.codes(after: prefix) }.1 }
        }
    }

    private func flow(_ prefix: Prefix) -> Contestant {
        let network = network(.flow(.init(horizon: Self.chunk.horizon, dimension: Self.chunk.dimension)))
        return valueContestant("flow matching, 10 forwards", network, prefix)
    }

    private func regression(_ prefix: Prefix) -> Contestant {
        let network = network(
            .regression(.init(horizon: Self.chunk.horizon, dimension: Self.chunk.dimension))
        )
        return valueContestant("regression, 1 forward", network, prefix)
    }

    private func valueContestant(_ name: String, _ network: FASTerVLANetwork, _ prefix: Prefix) -> Contestant
    {
        let ones = [Float](repeating: 1, count: Self.chunk.dimension)
        let statistics = FeatureStatistics(
            mean: ones,
            std: ones,
            q01: ones.map { -$0 },
            q99: ones,
            min: ones.map { -$0 },
            max: ones
        )
        var decoder = ActionDecoder(
            network,
            actions: .values(Normalization(method: .identity, statistics: statistics)),
            backend: InferenceBackend(fastestFor: network)
        )
        return Contestant(name, least: effort.seconds) {
            _ = try withoutGradients { try decoder.predict(after: prefix) }
        }
    }

    private func codes(_ schedule: BlockSchedule, entries: Int, codewordWidth: Int? = nil)
        -> ActionHead.Configuration
    {
        var head = BlockHead.Configuration(
            schedule: schedule,
            codebookSize: entries,
            dimension: Self.chunk.dimension
        )
        head.supportsMaskPredict = schedule.blockSize > 1
        head.codewordWidth = codewordWidth
        return .blocks(head)
    }

    private func network(_ head: ActionHead.Configuration, hasExpert: Bool = true) -> FASTerVLANetwork {
        let recipe = PolicyRecipe().backbone
        var backbone = CompactBackbone.Configuration(
            cameras: [
                .init(height: 96, width: 96, pixelsPerToken: recipe.pixelsPerToken),
                .init(height: 96, width: 96, pixelsPerToken: recipe.pixelsPerTokenOfOtherCameras),
            ],
            stateDimension: 4
        )
        (backbone.width, backbone.layerCount, backbone.headCount) = (
            recipe.width, recipe.layerCount, recipe.headCount
        )
        backbone.supportsDecoding = !hasExpert
        return FASTerVLANetwork(
            backbone: CompactBackbone(backbone, device: .cpu),
            expert: hasExpert ? PolicyRecipe().expert : nil,
            head: head,
            device: .cpu
        )
    }

    private func input(batch: Int = 1) -> PrefixInput {
        let text = ByteTokenizer().ids(for: "open the drawer")
        return PrefixInput(
            images: (0 ..< 2).map { _ in Tensor.randint(0 ..< 256, [batch, 96, 96, 3]).to(.uint8) },
            tokens: Tensor(text, shape: [1, text.count]).expanded([batch, -1]).contiguous(),
            state: Tensor.randint(0 ..< 256, [batch, 4])
        )
    }
}
