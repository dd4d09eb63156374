import LearnedBaselines
import RobotTypes
import Torch
import VectorQuantization

let chunkSteps = 10
let chunkColumns = 3

extension Normalization {
    /// Leaves actions as they are.
    static func identity(_ columns: Int) -> Normalization {
        let ones = [Float](repeating: 1, count: columns)
        let low = ones.map { -$0 }
        return Normalization(
            method: .identity,
            statistics: FeatureStatistics(mean: ones, std: ones, q01: low, q99: ones, min: low, max: ones)
        )
    }
}

extension ActionChunks {
    /// Random walks within [-1, 1].
    static func walks(_ count: Int, valid: [Int]? = nil, seed: UInt64 = 1) -> ActionChunks {
        Torch.seed(seed)
        let steps = Tensor.randn([count, chunkSteps, chunkColumns]) * 0.3
        return ActionChunks(
            count: count,
            horizon: chunkSteps,
            dimension: chunkColumns,
            values: steps.cumulativeSum(1).tanh().floats,
            validSteps: valid
        )
    }

    var tensor: Tensor { Tensor(values, shape: [count, horizon, dimension]) }
}

/// A network that a small training would make: its codebooks come from data.
func tokenizer<Network: ChunkAutoencoder>(_ configuration: Network.Configuration) -> LearnedTokenizer<Network>
{
    Torch.seed(6)
    let network = Network(configuration, horizon: chunkSteps, dimension: chunkColumns, device: .cpu)
    network.initializeCodebooks(from: ActionChunks.walks(64).tensor)
    return LearnedTokenizer(
        network,
        horizon: chunkSteps,
        normalization: .identity(chunkColumns),
        device: .cpu
    )
}

extension VQBeTNetwork.Configuration {
    static var small: Self {
        var small = Self()
        (small.width, small.latentWidth) = (24, 8)
        (small.quantizer.codebookCount, small.quantizer.codebookSize) = (3, 16)
        return small
    }
}

extension VQVLANetwork.Configuration {
    static var small: Self {
        var small = Self()
        (small.widths, small.latentWidth) = ([4, 8], 8)
        (small.quantizer.codebookCount, small.quantizer.codebookSize) = (2, 16)
        return small
    }
}

extension OATNetwork.Configuration {
    static var small: Self {
        var small = Self()
        (small.registerCount, small.levels) = (4, [4, 3, 3])
        (small.width, small.headCount, small.encoderLayers, small.decoderLayers) = (16, 2, 1, 1)
        return small
    }
}
