internal import ActionTokenizers
internal import FASTerVQ
public import Foundation
internal import LeRobot
internal import LearnedBaselines
internal import NN
internal import RobotTypes
internal import Support
public import Torch
internal import VectorQuantization

/// A tokenizer's training: from the datasets of one robot comes its tokenizer, from those of several a model for every robot.
public struct TokenizerTraining {
    /// Datasets to learn from; of one robot, but for FASTerVQ.
    public var datasets: [WeightedDataset]

    /// Settings of the training, the tokenizer to train among them.
    public var recipe: TokenizerRecipe

    /// Folder of a FASTerVQ tokenizer or model to start from; nil for random initialisation.
    public var start: URL?

    /// Seed of initialisation and sampling.
    public var seed: UInt64 = 0

    /// Device to compute on.
    public var device: Device

    /// The processes that share the batches; nil for one.
    ///
    /// Rank 0 writes the tokenizer.
    public var processes: ProcessGroup?

    /// Trains by `recipe` on `datasets`.
    public init(_ datasets: [WeightedDataset], recipe: TokenizerRecipe, device: Device) {
        self.datasets = datasets
        self.recipe = recipe
        self.device = device
    }

    /// Durations of a chunk in datasets of different rates, in a sentence; nil if all rates are equal.
    ///
    /// Chunks are counted in steps: one horizon spans other times at other rates.
    public var rateDifference: String? {
        let rates = Set(datasets.map(\.demonstrations.dataset.info.fps)).sorted()
        guard rates.count > 1, recipe.chunk.seconds == 0 else { return nil }
        func text(_ value: Double) -> String {
            value.formatted(.number.precision(.significantDigits(1 ... 3)))
        }
        let durations = rates.map { "\(text(Double(recipe.horizon) / $0)) s at \(text($0)) Hz" }
        return "the datasets differ in rate: a chunk of \(recipe.horizon) steps spans "
            + durations.joined(separator: ", ")
            + "; 'chunk: {seconds: ...}' of the recipe gives all of them one duration"
    }

    /// Episodes that each dataset holds out for the validation; none if the training has no steps.
    public var heldOutEpisodes: [[Int]] {
        let interval = recipe.optimization.steps > 0 ? recipe.validation.everyNthEpisode : 0
        return datasets.map { $0.heldOut(everyNth: interval) }
    }

    /// Trains and writes the result to `folder`, beside its metrics.
    ///
    /// - Parameters:
    ///   - folder: Folder for the result.
    ///   - resume: Goes on from the newest checkpoint, where there is one.
    ///   - fitting: Called after every action-space stage of FASTerVQ that is fitted once the other weights are trained.
    ///   - report: Called with every line of metrics.
    /// - Returns: Sizes of the result, and its errors; nil in ranks above 0.
    /// - Throws: The errors of datasets, recipes, folders and trainings, and the system's.
    @discardableResult
    public func run(
        to folder: URL,
        resume: Bool,
        fitting: (_ done: Int, _ all: Int) -> Void = { _, _ in },
        report: @escaping (Trainer.Progress) -> Void
    ) throws -> TrainedTokenizer? {
        let robots = try RobotDemonstrations.gathered(
            datasets.map { ($0.robot, $0.demonstrations, $0.episodes) }
        )
        try checkStart(robots)
        if recipe.kind != .fasterVQ { try recipe.optimization.checkSharing(among: processes?.size ?? 1) }
        let sources = try makeSources(robots)
        let identity = try RunIdentity(
            recipe,
            seed: seed,
            data: sources.flatMap { $0.chunks.values + ($0.heldOut?.values ?? []) },
            weights: datasets.map(\.weight),
            start: start?.path,
            heldOut: heldOutEpisodes.flatMap(\.self),
            processes: processes?.size ?? 1
        )
        let trainer = Trainer(
            recipe.optimization,
            in: folder,
            identity: identity.text,
            device: device,
            processes: processes,
            report: report
        )
        let result: TrainedTokenizer? =
            switch recipe.kind {
            case .fasterVQ:
                try trainFASTerVQ(sources, trainer, resume: resume, fitting: fitting, to: folder)
            case .vqBeT:
                try train(VQBeTNetwork.self, recipe.vqBeT, sources[0], trainer, resume: resume, to: folder)
            case .vqVLA:
                try train(VQVLANetwork.self, recipe.vqVLA, sources[0], trainer, resume: resume, to: folder)
            case .oat: try train(OATNetwork.self, recipe.oat, sources[0], trainer, resume: resume, to: folder)
            }
        trainer.finish()
        return result
    }

    /// Checks that the tokenizer can be trained on the datasets, and from the start.
    private func checkStart(_ robots: [RobotDemonstrations]) throws(RecipeError) {
        guard recipe.kind == .fasterVQ || (robots.count == 1 && start == nil) else {
            throw RecipeError(
                source: "recipe",
                reason:
                    "'\(recipe.kind.rawValue)' is trained on one robot, from the beginning; only fastervq takes "
                    + "several, or a model to start from"
            )
        }
        guard recipe.optimization.steps > 0 || start != nil else {
            throw RecipeError(
                InvalidValue(
                    "optimization.steps",
                    expected: "above 0",
                    found: 0,
                    remedy: "only a training that starts from a model can do without steps"
                )
            )
        }
    }

    /// One source per robot and horizon.
    private func makeSources(_ robots: [RobotDemonstrations]) throws -> [TokenizerSource] {
        let horizons = [recipe.horizon] + (robots.count > 1 ? recipe.moreHorizons : [])
        let heldOut = heldOutEpisodes
        let measured = max(1, recipe.validation.chunks / (horizons.count * robots.count))
        return try horizons.flatMap { horizon in
            try robots.map { robot in
                let parts = robot.positions.map { (dataset: datasets[$0], heldOut: heldOut[$0]) }
                let validated = try parts.filter { !$0.heldOut.isEmpty }.map {
                    try $0.dataset.demonstrations.chunks(horizon: horizon, episodes: $0.heldOut)
                }
                return TokenizerSource(
                    actionSpace: robot.first.actionSpace,
                    normalization: try robot.actionNormalization(recipe.normalization, horizon: horizon),
                    datasets: try parts.map { dataset, heldOut in
                        let trained = dataset.trained(without: heldOut)
                        return (
                            try dataset.demonstrations.chunks(horizon: horizon, episodes: trained),
                            dataset.weight
                        )
                    },
                    heldOut: validated.isEmpty ? nil : ActionChunks(joining: validated).spaced(measured)
                )
            }
        }
    }

    /// Trains FASTerVQ and writes it to `folder`.
    private func trainFASTerVQ(
        _ sources: [TokenizerSource],
        _ trainer: Trainer,
        resume: Bool,
        fitting: (_ done: Int, _ all: Int) -> Void,
        to folder: URL
    ) throws -> TrainedTokenizer? {
        let start = try start.map { try FASTerVQModel(loading: $0, device: device) }
        // Without a step, the stages of the model that it starts from still fit, if there are as many.
        let stageCount = start?.configuration.actionSpaceQuantizer.codebookCount
        let fits =
            recipe.optimization.steps == 0 && stageCount == recipe.actionSpaceQuantizer.codebookCount
            && start?.hasCodebooks(of: recipe.quantizer) == true
        let first = fits ? start : start?.with(actionSpaceQuantizer: recipe.actionSpaceQuantizer)
        let task = try FASTerVQTask(
            recipe,
            sources,
            from: first,
            seed: seed,
            processes: processes,
            device: device
        )
        let outcome = try trainer.train(task, resume: resume)
        guard processes.isLeader else { return nil }
        if recipe.optimization.steps == 0, !task.hasCodebooks { task.initializeCodebooks() }
        if !fits { task.fitActionSpaceStages(report: fitting) }
        let model = task.model
        func tokenizer(of source: TokenizerSource) throws -> FASTerVQTokenizer {
            try FASTerVQTokenizer(
                model,
                actionSpace: source.actionSpace,
                horizon: source.chunks.horizon,
                normalization: source.normalization
            )
        }
        if sources.count == 1, let only = sources.first {
            try tokenizer(of: only).save(to: folder)
        } else {
            try model.save(to: folder)
        }
        let configuration = model.configuration
        return TrainedTokenizer(
            codebookSizes: Array(
                repeating: configuration.quantizer.codebookSize,
                count: configuration.codebookCount
            ),
            parameterCount: model.parameterCount,
            outcome: outcome,
            validation: try TokenizerValidation(sources, tokenizer: tokenizer)
        )
    }

    /// Trains a baseline and writes it to `folder`.
    private func train<Network: ChunkAutoencoder>(
        _: Network.Type,
        _ configuration: Network.Configuration,
        _ source: TokenizerSource,
        _ trainer: Trainer,
        resume: Bool,
        to folder: URL
    ) throws -> TrainedTokenizer? {
        let task = BaselineTask<Network>(
            configuration,
            recipe,
            source,
            seed: seed,
            processes: processes,
            device: device
        )
        let outcome = try trainer.train(task, resume: resume)
        guard processes.isLeader else { return nil }
        try task.tokenizer.save(to: folder)
        return TrainedTokenizer(
            codebookSizes: task.tokenizer.codebookSizes,
            parameterCount: task.network.parameterCount,
            outcome: outcome,
            validation: try TokenizerValidation([source]) { _ in task.tokenizer }
        )
    }
}

/// Sizes of a trained tokenizer, and its errors.
public struct TrainedTokenizer: Equatable, Sendable {
    /// Number of entries of every codebook.
    public let codebookSizes: [Int]

    /// Number of trained parameters.
    public let parameterCount: Int

    /// The end of the training.
    public let outcome: Trainer.Outcome

    /// Errors on chunks of the training and on held-out ones; nil where no episode was held out.
    public let validation: TokenizerValidation?
}
