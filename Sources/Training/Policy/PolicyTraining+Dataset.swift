internal import Backbones
internal import FASTerVLA
public import FASTerVQ
public import Foundation
internal import LeRobot
internal import RobotTypes
public import Torch

extension PolicyTraining {
    /// Trains a policy on demonstrations and writes it to `folder`, beside its measurements.
    ///
    /// - Parameters:
    ///   - demonstrations: What to learn from.
    ///   - episodes: Episodes to use; nil for all.
    ///   - tokenizer: Gives the codes that the policy learns to predict, in the first of its codebooks.
    ///   - recipe: How to train.
    ///   - seed: Determines first weights, order and augmentation.
    ///   - folder: Where the policy goes.
    ///   - resume: Whether to go on from the newest checkpoint.
    ///   - device: Where to compute.
    ///   - decoding: Called while pictures are decoded.
    ///   - report: Called at every measurement.
    /// - Throws: The errors of datasets, recipes and runs, and the system's.
    public static func run(
        _ demonstrations: Demonstrations,
        episodes: [Int]?,
        tokenizer: FASTerVQTokenizer,
        recipe: PolicyRecipe,
        seed: UInt64,
        to folder: URL,
        resume: Bool,
        device: Device,
        decoding: @escaping @Sendable (Int, Int) -> Void,
        report: @escaping (TrainingRun.Progress) -> Void
    ) throws {
        guard tokenizer.actionSpace == demonstrations.actionSpace else {
            throw DemonstrationsError(
                description: "the tokenizer's action space is \(tokenizer.actionSpace), the dataset's "
                    + "\(demonstrations.actionSpace): train a tokenizer on this dataset, or pass the same --groups"
            )
        }
        let tokenizer = tokenizer.keeping(codebooks: recipe.codebooks)
        let cameras = try demonstrations.cameras(
            recipe.cameras,
            pixelsPerToken: recipe.pixelsPerToken,
            ofOtherCameras: recipe.pixelsPerTokenOfOtherCameras
        )
        let state = try demonstrations.stateNormalization(.quantiles, episodes: episodes)
        let configuration = configuration(
            recipe,
            tokenizer: tokenizer,
            cameras: cameras,
            stateDimension: state.statistics.dimension,
            framesPerSecond: demonstrations.dataset.info.fps
        )
        let examples = try demonstrations.policyExamples(
            tokenizer: tokenizer,
            state: state,
            stateBins: stateBins(configuration),
            cameras: cameras,
            episodes: episodes,
            progress: decoding
        )
        let run = TrainingRun(
            folder: folder,
            totalSteps: recipe.steps,
            recipe: try RunIdentity(recipe, seed: seed, data: examples.codes.map(Float.init)).text,
            measureEvery: 10,
            checkpointEvery: recipe.checkpointEvery,
            report: report
        )
        let training = PolicyTraining(recipe: recipe, examples: examples, seed: seed, device: device)
        let network = try training.train(configuration, run: run, resume: resume)
        try PolicyBundle.save(configuration, network: network, tokenizer: tokenizer, state: state, to: folder)
        run.finish()
    }

    private static func stateBins(_ configuration: PolicyConfiguration) -> Int {
        switch configuration.backbone {
        case .compact(let backbone): backbone.stateBins
        }
    }

    private static func configuration(
        _ recipe: PolicyRecipe,
        tokenizer: FASTerVQTokenizer,
        cameras: [(name: String, camera: CompactBackbone.Configuration.Camera)],
        stateDimension: Int,
        framesPerSecond: Double
    ) -> PolicyConfiguration {
        var backbone = CompactBackbone.Configuration(
            cameras: cameras.map(\.camera),
            stateDimension: stateDimension
        )
        backbone.width = recipe.width
        backbone.layerCount = recipe.layerCount
        backbone.headCount = recipe.headCount
        let contract = PolicyContract(
            cameras: cameras.map { .init(name: $0.name, height: $0.camera.height, width: $0.camera.width) },
            stateDimension: stateDimension,
            horizon: tokenizer.horizon,
            actionSpace: tokenizer.actionSpace,
            framesPerSecond: framesPerSecond
        )
        let schedule = BlockSchedule(
            codebookCount: tokenizer.codebookCount,
            placeCount: tokenizer.placeCount,
            blockSize: recipe.blockSize > 0 ? recipe.blockSize : nil
        )
        var configuration = PolicyConfiguration(
            contract: contract,
            backbone: .compact(backbone),
            schedule: schedule,
            codebookSize: tokenizer.codebookSize
        )
        configuration.expert = recipe.expert
        configuration.spacing = recipe.spacing
        configuration.sampling = recipe.sampling
        return configuration
    }
}
