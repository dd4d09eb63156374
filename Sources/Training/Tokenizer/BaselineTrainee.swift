internal import FASTerVQ
internal import LearnedBaselines
internal import NN
internal import RobotTypes
internal import Support
internal import Torch

/// A learned baseline in training: one network, one robot's chunks.
struct BaselineTrainee<Network: ChunkAutoencoder>: TrainableTokenizer {
    let network: Network
    let hasCodebooks = false

    private let training: TokenizerTraining
    private let actions: Tensor
    private let stepMask: Tensor

    init(_ configuration: Network.Configuration, _ source: TokenizerSource, _ training: TokenizerTraining) {
        self.training = training
        let chunks = source.chunks
        network = Network(
            configuration,
            horizon: chunks.horizon,
            dimension: chunks.dimension,
            device: training.device
        )
        (actions, stepMask) = (chunks.actions(on: training.device), chunks.stepMask(on: training.device))
    }

    func initializeCodebooks() {
        var random = SeededRandom(seed: training.seed, 3)
        let count = actions.size(0)
        let picks = Array((0 ..< count).shuffled(using: &random).prefix(training.recipe.initialChunks))
        network.initializeCodebooks(from: actions.gathering(Tensor(picks, device: training.device), axis: 0))
    }

    func loss(quantizing: Bool, precision: DType?, _ draw: inout SeededRandom) -> (
        total: Tensor, parts: [String: Tensor]
    ) {
        let picks = Tensor(
            (0 ..< training.recipe.batchSize).map { _ in Int.random(in: 0 ..< actions.size(0), using: &draw)
            },
            device: training.device
        )
        let loss = withAutocast(to: precision, on: training.device) {
            network.loss(
                actions.gathering(picks, axis: 0),
                stepMask: stepMask.gathering(picks, axis: 0),
                quantizing: quantizing,
                commitment: training.recipe.loss.commitment
            )
        }
        return (loss.total, ["l1": loss.l1, "commitment": loss.commitment])
    }
}
