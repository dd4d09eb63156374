internal import FASTerVQ
internal import LearnedBaselines
internal import NN
internal import RobotTypes
internal import Support
internal import Torch

/// The training task of a learned baseline: one network, one robot's chunks.
struct BaselineTask<Network: ChunkAutoencoder>: TokenizerTask {
    let recipe: TokenizerRecipe
    let seed: UInt64
    let network: Network
    let startsFromModel = false
    let hasCodebooks = false

    private let source: TokenizerSource
    private let processes: ProcessGroup?
    private let device: Device
    private let actions: Tensor
    private let stepMask: Tensor

    /// Prepares to train the network of `configuration` from random initialisation.
    init(
        _ configuration: Network.Configuration,
        _ recipe: TokenizerRecipe,
        _ source: TokenizerSource,
        seed: UInt64,
        processes: ProcessGroup? = nil,
        device: Device
    ) {
        (self.recipe, self.source, self.seed, self.device) = (recipe, source, seed, device)
        self.processes = processes
        let chunks = source.chunks
        Torch.seed(seed)
        network = Network(configuration, horizon: chunks.horizon, dimension: chunks.dimension, device: device)
        (actions, stepMask) = (chunks.actions(on: device), chunks.stepMask(on: device))
    }

    /// The tokenizer of the network as it is.
    var tokenizer: LearnedTokenizer<Network> {
        LearnedTokenizer(
            network,
            horizon: source.chunks.horizon,
            normalization: source.normalization,
            device: device
        )
    }

    var hasHeldOut: Bool { source.heldOut != nil }

    func heldOutL1() -> Double {
        guard let heldOut = source.heldOut else { return .nan }
        let actions = heldOut.actions(on: device)
        let (decoded, mask) = (
            network.actions(for: network.codes(for: actions)), heldOut.stepMask(on: device)
        )
        let errors = (decoded - actions).abs() * mask.unsqueezed(2)
        return errors.sum().item / (mask.sum().item * Double(actions.size(2)))
    }

    func initializeCodebooks() {
        var random = SeededRandom(seed: seed, 3)
        let picks = Array((0 ..< actions.size(0)).shuffled(using: &random).prefix(recipe.initialChunks))
        network.initializeCodebooks(from: actions.gathering(Tensor(picks, device: device), axis: 0))
    }

    func losses(quantizing: Bool, computeDType: DType?, _ random: inout SeededRandom) -> [() throws ->
        TrainingLoss]
    {
        let picks = Tensor(source.sampler.indices(recipe.optimization.batchSize, &random), device: device)
        return BatchShare.all(of: processes, parts: recipe.optimization.accumulationSteps).map { share in
            { loss(of: picks, share?.rowShare(of: picks.count), quantizing, computeDType) }
        }
    }

    /// The loss of a share of the chunks at `picks`.
    private func loss(
        of picks: Tensor,
        _ share: RowShare?,
        _ quantizing: Bool,
        _ computeDType: DType?
    ) -> TrainingLoss {
        let loss = withAutocast(to: computeDType, on: device) {
            network.loss(
                actions.gathering(picks.rows(of: share), axis: 0),
                stepMask: stepMask.gathering(picks, axis: 0),
                quantizing: quantizing,
                commitment: recipe.loss.commitment,
                share: share
            )
        }
        return TrainingLoss(total: loss.total) {
            ["loss": loss.total.item, "l1": loss.l1.item, "commitment": loss.commitment.item]
        }
    }
}
