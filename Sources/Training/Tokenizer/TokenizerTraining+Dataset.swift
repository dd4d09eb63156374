internal import ActionTokenizers
internal import FASTerVQ
public import Foundation
internal import LearnedBaselines
internal import NN
internal import Quantizers
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
    ///   - data: What to learn from; one dataset, but for FASTerVQ.
    ///   - start: Folder of a FASTerVQ tokenizer or model to start from; nil for first weights.
    ///   - recipe: How to train, and which tokenizer.
    ///   - seed: Determines first weights and draws.
    ///   - folder: Where the result goes.
    ///   - resume: Whether to go on from the newest checkpoint.
    ///   - device: Where to compute.
    ///   - refining: Called after every codebook of FASTerVQ's that is fitted when the network is trained.
    ///   - report: Called at every measurement.
    /// - Returns: What came out.
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
        refining: (_ done: Int, _ all: Int) -> Void = { _, _ in },
        report: @escaping (TrainingRun.Progress) -> Void
    ) throws -> TrainedTokenizer {
        let method = try normalization(recipe)
        let kind = TokenizerKind(rawValue: recipe.kind) ?? .fasterVQ
        guard kind == .fasterVQ || (data.count == 1 && start == nil) else {
            throw RecipeError(
                source: "recipe",
                reason:
                    "'\(recipe.kind)' is trained on one dataset, from the beginning; only fastervq takes several, "
                    + "or a model to start from"
            )
        }
        guard recipe.steps > 0 || start != nil else {
            throw RecipeError(
                source: "recipe",
                reason: "a tokenizer that begins with nothing needs 'steps' above 0"
            )
        }
        let horizons = [recipe.horizon] + (data.count > 1 ? recipe.moreHorizons : [])
        let sources = try horizons.flatMap { horizon in
            try data.map { try $0.source(horizon: horizon, method: method) }
        }
        let identity = try RunIdentity(
            recipe,
            seed: seed,
            data: sources.flatMap(\.chunks.values),
            weights: data.map(\.weight),
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
        func trained<Network>(_ tokenizer: LearnedTokenizer<Network>) throws -> TrainedTokenizer {
            try tokenizer.save(to: folder)
            return TrainedTokenizer(
                codebookSizes: tokenizer.codebookSizes,
                parameterCount: tokenizer.network.parameterCount
            )
        }
        let result =
            switch kind {
            case .fasterVQ:
                try training.save(run, from: start, resume: resume, refining: refining, to: folder)
            case .vqBeT:
                try trained(
                    training.train(recipe.vqBeT, run: run, resume: resume) as LearnedTokenizer<VQBeTNetwork>
                )
            case .vqVLA:
                try trained(
                    training.train(recipe.vqVLA, run: run, resume: resume) as LearnedTokenizer<VQVLANetwork>
                )
            case .oat:
                try trained(
                    training.train(recipe.oat, run: run, resume: resume) as LearnedTokenizer<OATNetwork>
                )
            }
        run.finish()
        return result
    }

    private static func normalization(_ recipe: TokenizerRecipe) throws(RecipeError) -> Normalization.Method {
        guard let method = Normalization.Method(rawValue: recipe.normalization) else {
            let known = Normalization.Method.allCases.map(\.rawValue).joined(separator: ", ")
            throw RecipeError(
                source: "recipe",
                reason: "'normalization' should be one of \(known), found '\(recipe.normalization)'"
            )
        }
        return method
    }

    /// Trains FASTerVQ and writes it to `folder`.
    private func save(
        _ run: TrainingRun,
        from start: URL?,
        resume: Bool,
        refining: (_ done: Int, _ all: Int) -> Void,
        to folder: URL
    ) throws -> TrainedTokenizer {
        let model = try train(
            run: run,
            from: start.map { try FASTerVQModel(loading: $0, device: device) },
            resume: resume,
            refining: refining
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
        let configuration = model.configuration
        return TrainedTokenizer(
            codebookSizes: Array(
                repeating: configuration.quantizer.codebookSize,
                count: configuration.codebookCount
            ),
            parameterCount: model.network.parameterCount
        )
    }
}
