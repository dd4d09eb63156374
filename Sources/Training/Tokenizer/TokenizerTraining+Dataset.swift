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
        let kind = try TokenizerKind(checked: recipe.kind)
        try check(recipe, kind, datasets: data.count, start: start)
        let training = TokenizerTraining(
            recipe: recipe,
            sources: try makeSources(data, recipe, method),
            seed: seed,
            device: device
        )
        let weights = data.map(\.weight)
        let run = try training.makeRun(weights: weights, start: start, in: folder, report: report)
        let result = try training.save(
            kind,
            run,
            from: start,
            resume: resume,
            refining: refining,
            to: folder
        )
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

    /// Refuses what `kind` cannot be trained on or begin with.
    private static func check(
        _ recipe: TokenizerRecipe,
        _ kind: TokenizerKind,
        datasets: Int,
        start: URL?
    ) throws(RecipeError) {
        try RecipeNumbers.require(
            kind == .fasterVQ || (datasets == 1 && start == nil),
            "'\(recipe.kind)' is trained on one dataset, from the beginning; only fastervq takes several, "
                + "or a model to start from"
        )
        try RecipeNumbers.require(
            recipe.steps > 0 || start != nil,
            "a tokenizer that begins with nothing needs 'steps' above 0"
        )
    }

    /// One source a dataset and number of control steps.
    private static func makeSources(
        _ data: [DatasetShare],
        _ recipe: TokenizerRecipe,
        _ method: Normalization.Method
    ) throws -> [TokenizerSource] {
        let horizons = [recipe.horizon] + (data.count > 1 ? recipe.moreHorizons : [])
        return try horizons.flatMap { horizon in
            try data.map { try $0.source(horizon: horizon, method: method) }
        }
    }

    private func makeRun(
        weights: [Double],
        start: URL?,
        in folder: URL,
        report: @escaping (TrainingRun.Progress) -> Void
    ) throws -> TrainingRun {
        let identity = try RunIdentity(
            recipe,
            seed: seed,
            data: sources.flatMap(\.chunks.values),
            weights: weights,
            start: start?.path
        )
        return TrainingRun(
            folder: folder,
            totalSteps: recipe.steps,
            recipe: identity.text,
            measureEvery: 20,
            checkpointEvery: recipe.checkpointEvery,
            report: report
        )
    }

    /// Trains a tokenizer of `kind` and writes it to `folder`.
    private func save(
        _ kind: TokenizerKind,
        _ run: TrainingRun,
        from start: URL?,
        resume: Bool,
        refining: (_ done: Int, _ all: Int) -> Void,
        to folder: URL
    ) throws -> TrainedTokenizer {
        switch kind {
        case .fasterVQ:
            try saveFASTerVQ(run, from: start, resume: resume, refining: refining, to: folder)
        case .vqBeT:
            try saveBaseline(VQBeTNetwork.self, recipe.vqBeT, run, resume: resume, to: folder)
        case .vqVLA:
            try saveBaseline(VQVLANetwork.self, recipe.vqVLA, run, resume: resume, to: folder)
        case .oat:
            try saveBaseline(OATNetwork.self, recipe.oat, run, resume: resume, to: folder)
        }
    }

    /// Trains a baseline and writes it to `folder`.
    private func saveBaseline<Network: ChunkAutoencoder>(
        _: Network.Type,
        _ configuration: Network.Configuration,
        _ run: TrainingRun,
        resume: Bool,
        to folder: URL
    ) throws -> TrainedTokenizer {
        let tokenizer: LearnedTokenizer<Network> = try train(configuration, run: run, resume: resume)
        try tokenizer.save(to: folder)
        return TrainedTokenizer(
            codebookSizes: tokenizer.codebookSizes,
            parameterCount: tokenizer.network.parameterCount
        )
    }

    /// Trains FASTerVQ and writes it to `folder`.
    private func saveFASTerVQ(
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

extension TokenizerKind {
    /// The kind that a recipe names.
    init(checked name: String) throws(RecipeError) {
        guard let kind = TokenizerKind(rawValue: name) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw RecipeError(source: "recipe", reason: "'kind' should be one of \(known), found '\(name)'")
        }
        self = kind
    }
}
