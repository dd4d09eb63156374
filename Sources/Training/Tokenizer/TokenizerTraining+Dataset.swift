internal import ActionTokenizers
public import FASTerVQ
public import Foundation
internal import RobotTypes
public import Torch

/// Some episodes of a dataset, and how much they count beside other datasets.
public struct DatasetShare: Sendable {
    /// The dataset.
    public let demonstrations: Demonstrations

    /// Episodes to use; nil for all.
    public let episodes: [Int]?

    /// How often a training draws from it, compared to the others.
    public let weight: Double

    /// Chooses `episodes` of `demonstrations`.
    public init(_ demonstrations: Demonstrations, episodes: [Int]? = nil, weight: Double = 1) {
        self.demonstrations = demonstrations
        self.episodes = episodes
        self.weight = weight
    }

    func source(horizon: Int, method: Normalization.Method) throws -> TokenizerSource {
        TokenizerSource(
            actionSpace: demonstrations.actionSpace,
            normalization: demonstrations.actionNormalization(method, episodes: episodes),
            chunks: try demonstrations.chunks(horizon: horizon, episodes: episodes),
            weight: weight
        )
    }
}

extension TokenizerTraining {
    /// Trains on datasets and writes the result to `folder`, beside its measurements: one robot's tokenizer where
    /// there is one dataset, a model for every robot where there are several.
    ///
    /// - Parameters:
    ///   - data: What to learn from.
    ///   - start: Folder of a tokenizer or model to start from; nil for first weights.
    ///   - recipe: How to train.
    ///   - seed: Determines first weights and draws.
    ///   - folder: Where the result goes.
    ///   - resume: Whether to go on from the newest checkpoint.
    ///   - device: Where to compute.
    ///   - report: Called at every measurement.
    /// - Returns: The trained model.
    /// - Throws: The errors of datasets, recipes, folders and runs, and the system's.
    @discardableResult
    public static func run(
        _ data: [DatasetShare],
        from start: URL? = nil,
        recipe: TokenizerRecipe,
        seed: UInt64,
        to folder: URL,
        resume: Bool,
        device: Device,
        report: @escaping (TrainingRun.Progress) -> Void
    ) throws -> FASTerVQModel {
        guard let method = Normalization.Method(rawValue: recipe.normalization) else {
            let known = Normalization.Method.allCases.map(\.rawValue).joined(separator: ", ")
            throw RecipeError(
                source: "recipe",
                reason: "'normalization' should be one of \(known), found '\(recipe.normalization)'"
            )
        }
        let sources = try data.map { try $0.source(horizon: recipe.horizon, method: method) }
        let identity = try RunIdentity(
            recipe,
            seed: seed,
            data: sources.flatMap(\.chunks.values),
            start: start?.path
        )
        let run = TrainingRun(
            folder: folder,
            totalSteps: recipe.steps,
            recipe: identity.text,
            measureEvery: 20,
            checkpointEvery: recipe.checkpointEvery,
            report: report
        )
        let training = TokenizerTraining(recipe: recipe, sources: sources, seed: seed, device: device)
        let model = try training.train(
            run: run,
            from: start.map { try FASTerVQModel(loading: $0, device: device) },
            resume: resume
        )
        if sources.count == 1, let only = sources.first {
            try model.tokenizer(
                for: only.actionSpace,
                horizon: recipe.horizon,
                normalization: only.normalization
            )
            .save(to: folder)
        } else {
            try model.save(to: folder)
        }
        run.finish()
        return model
    }
}
