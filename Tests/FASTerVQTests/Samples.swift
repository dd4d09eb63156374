import FASTerVQ
import RobotTypes
import Torch
import VectorQuantization

/// Small models and random chunks.
enum Samples {
    /// Quantiles from -1 to 3 within a range from -4 to 6, in `width` columns.
    static func normalization(_ width: Int) -> Normalization {
        let ones = [Float](repeating: 1, count: width)
        let statistics = FeatureStatistics(
            mean: ones,
            std: ones,
            q01: ones.map { -$0 },
            q99: ones.map { 3 * $0 },
            min: ones.map { -4 * $0 },
            max: ones.map { 6 * $0 }
        )
        return Normalization(method: .quantiles, statistics: statistics)
    }

    /// A robot in a model.
    static func embodiment(_ space: ActionSpace, _ model: FASTerVQModel, horizon: Int) throws -> Embodiment {
        Embodiment(
            patchifier: try model.makePatchifier(space, horizon: horizon),
            normalization: normalization(space.dimension),
            device: .cpu
        )
    }

    /// A model with few and narrow layers, whose codebooks come from random chunks of `space`.
    static func model(
        _ patches: [String: PatchShape],
        _ space: ActionSpace,
        horizon: Int,
        codebookSize: Int = 32,
        change: (inout FASTerVQConfiguration) -> Void = { _ in }
    ) throws -> FASTerVQModel {
        Torch.seed(6)
        var configuration = FASTerVQConfiguration(patches: patches)
        configuration.quantizer.codebookSize = codebookSize
        configuration.autoencoder.width = 32
        change(&configuration)
        let model = FASTerVQModel(configuration, device: .cpu)
        let batch = ActionBatch(
            embodiment: try embodiment(space, model, horizon: horizon),
            actions: .randn([64, horizon, space.dimension]),
            stepMask: .ones([64, horizon])
        )
        model.initializeCodebooks(from: [batch])
        model.fitActionSpaceStages(to: [batch])
        return model
    }

    /// The tokenizer of such a model for chunks of 20 steps.
    static func tokenizer(
        _ groups: String = "position=0:3,rotation=3:6,gripper=6",
        codebookSize: Int = 32,
        bypassingGrippers: Bool = true,
        change: (inout FASTerVQConfiguration) -> Void = { _ in }
    ) throws -> FASTerVQTokenizer {
        let space = try ActionSpace(parsing: groups)
        let shapes = PatchShape.fitting(space, horizon: 20, bypassingGrippers: bypassingGrippers)
        return try FASTerVQTokenizer(
            model(shapes, space, horizon: 20, codebookSize: codebookSize, change: change),
            actionSpace: space,
            horizon: 20,
            normalization: normalization(space.dimension)
        )
    }

    /// Random chunks of 20 steps of 7 columns.
    static func chunks(_ count: Int, valid: [Int]? = nil) -> ActionChunks {
        ActionChunks(
            count: count,
            horizon: 20,
            dimension: 7,
            values: Tensor.randn([count, 20, 7]).floats,
            validSteps: valid
        )
    }
}
