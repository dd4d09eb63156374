import Backbones
import FASTerVLA
import NN
import TextTokenizer
import Torch
import Training

/// Block-wise beside token-wise decoding of the same weights.
///
/// The weights are first weights: what a forward takes does not depend on their values.
struct Decoding {
    private let effort: Effort

    init(_ effort: Effort) { self.effort = effort }

    /// The quickstart's grid and the paper's for one arm.
    func comparisons() throws -> [Comparison] { try [5, 7].map { try comparison(places: $0) } }

    private func comparison(places: Int) throws -> Comparison {
        Torch.seed(0)
        let (network, head) = network(places: places)
        let input = input
        let prefix = withoutGradients { network.backbone.prefix(of: input) }
        func decoding(_ name: String, blockSize: Int) -> Contestant {
            let decoder = BlockDecoder(network, head, blockSize: blockSize, sampling: .greedy)
            let forwards = head.configuration.schedule.withBlockSize(blockSize).blocks.count
            return Contestant("\(name), \(forwards) forwards", least: effort.seconds) {
                withoutGradients { _ = decoder.codes(after: prefix).integers }
            }
        }
        let parameters = network.parameterCount
        return try Comparison(
            "One chunk of 3 x \(places) codes, compact policy of \(parameters) parameters",
            notes: [
                "Two pictures of 96 x 96 pixels, float32, batch 1, greedy; \(prefix.keys[0].size(2)) prefix tokens."
            ],
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                decoding("block by block", blockSize: places),
                decoding("token by token", blockSize: 1),
                Contestant("prefix, 1 forward", least: effort.seconds) {
                    withoutGradients { _ = network.backbone.prefix(of: input) }
                },
            ]
        ).ratio(0, to: 1, target: "at most 0.40")
    }

    private func network(places: Int) -> (FASTerVLANetwork, CodeHead) {
        let recipe = PolicyRecipe()
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
        let schedule = BlockSchedule(codebookCount: 3, placeCount: places)
        let head = CodeHead.Configuration(schedule: schedule, codebookSize: 1024, dimension: 4)
        let network = FASTerVLANetwork(
            backbone: CompactBackbone(backbone, device: .cpu),
            expert: recipe.expert,
            head: .codes(head),
            device: .cpu
        )
        guard let head = network.codeHead else { preconditionFailure("was made with a head of codes") }
        return (network, head)
    }

    private var input: PrefixInput {
        let text = ByteTokenizer().ids(for: "open the drawer")
        return PrefixInput(
            images: (0 ..< 2).map { _ in Tensor.randint(0 ..< 256, [1, 96, 96, 3]).to(.uint8) },
            text: Tensor(text, shape: [1, text.count]),
            state: Tensor.randint(0 ..< 256, [1, 4])
        )
    }
}
