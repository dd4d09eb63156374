internal import ActionTokenizers
internal import Backbones
internal import FASTerVLA
internal import FASTerVQ
internal import Foundation
internal import LeRobot
internal import RobotTypes
internal import Torch

/// A recipe applied to demonstrations: what is to be predicted, and by what network.
struct PolicyPlan {
    let coding: ActionCoding
    let cameras: [(name: String, camera: CompactBackbone.Configuration.Camera)]
    let state: Normalization
    let configuration: PolicyConfiguration

    /// Control steps until each of the states that are to be foreseen.
    let foreseenSteps: [Int]

    /// Where things are, which the backbone learns to tell; nil for nothing.
    let environment: EnvironmentTargets?

    /// Bins that a state value falls into.
    let stateBins: Int

    /// Plans a policy.
    ///
    /// - Parameters:
    ///   - recipe: How it is trained.
    ///   - head: What its recipe calls the head.
    ///   - demonstrations: What it learns from.
    ///   - episodes: Episodes that statistics and baselines are fitted to; nil for all.
    ///   - tokenizer: Gives the codes to predict, for heads that need one.
    ///   - horizon: Control steps of a chunk, for the other heads.
    /// - Throws: The errors of datasets and tokenizers, ``DemonstrationsError`` when things do not fit.
    init(
        _ recipe: PolicyRecipe,
        head: PolicyHead,
        _ demonstrations: Demonstrations,
        episodes: [Int]?,
        tokenizer: FASTerVQTokenizer?,
        horizon: Int
    ) throws {
        cameras = try demonstrations.cameras(
            recipe.cameras,
            pixelsPerToken: recipe.pixelsPerToken,
            ofOtherCameras: recipe.pixelsPerTokenOfOtherCameras,
            pictureSize: recipe.pictureSize,
            keypoints: recipe.keypoints
        )
        state = try demonstrations.stateNormalization(.quantiles, episodes: episodes)
        coding = try Self.coding(recipe, head, demonstrations, episodes, tokenizer, horizon: horizon)
        let horizon = coding.tokenizer?.horizon ?? horizon
        environment = try Self.environment(recipe, demonstrations, cameras.map(\.name), episodes)
        foreseenSteps = recipe.foresight.chunks.map { $0 * horizon }
        let backbone = Self.backbone(recipe, head, cameras.map(\.camera), state, environment)
        stateBins = backbone.stateBins
        let contract = PolicyContract(
            cameras: cameras.map { .init(name: $0.name, height: $0.camera.height, width: $0.camera.width) },
            stateDimension: state.statistics.dimension,
            horizon: horizon,
            actionSpace: demonstrations.actionSpace,
            framesPerSecond: demonstrations.dataset.info.fps
        )
        let codesOfFAST = try (coding.tokenizer as? FASTTokenizer).map {
            try Self.longest($0, demonstrations, episodes)
        }
        configuration = PolicyConfiguration(
            contract: contract,
            backbone: .compact(backbone),
            expert: head == .blocksWithoutExpert ? nil : recipe.expert,
            head: Self.headConfiguration(recipe, head, coding, contract, longest: codesOfFAST)
        )
    }

    private static func coding(
        _ recipe: PolicyRecipe,
        _ head: PolicyHead,
        _ demonstrations: Demonstrations,
        _ episodes: [Int]?,
        _ tokenizer: FASTerVQTokenizer?,
        horizon: Int
    ) throws -> ActionCoding {
        let normalization = demonstrations.actionNormalization(.quantiles, episodes: episodes)
        switch head {
        case .blocks, .blocksWithoutExpert, .tokens:
            guard let tokenizer else {
                throw DemonstrationsError(description: "head '\(head.rawValue)' needs a FASTerVQ tokenizer")
            }
            guard tokenizer.actionSpace == demonstrations.actionSpace else {
                throw DemonstrationsError(
                    description: "the tokenizer's action space is \(tokenizer.actionSpace), the dataset's "
                        + "\(demonstrations.actionSpace): train a tokenizer on this dataset, or pass the same --groups"
                )
            }
            return .codes(tokenizer.keeping(codebooks: recipe.codebooks))
        case .fast:
            var chunks = try demonstrations.chunks(horizon: horizon, episodes: episodes)
            chunks.values = normalization.normalized(chunks.values)
            return .codes(try FASTTokenizer(fitting: chunks, normalization: normalization))
        case .binning:
            let dimension = demonstrations.actionSpace.dimension
            return .codes(
                BinningTokenizer(horizon: horizon, dimension: dimension, normalization: normalization)
            )
        case .flow, .regression: return .values(normalization)
        }
    }

    /// Where things are; nil where the recipe gives that no weight.
    private static func environment(
        _ recipe: PolicyRecipe,
        _ demonstrations: Demonstrations,
        _ cameras: [String],
        _ episodes: [Int]?
    ) throws -> EnvironmentTargets? {
        guard recipe.environmentState.weight > 0 else { return nil }
        return try demonstrations.environmentTargets(
            recipe.environmentState.columns,
            cameras: cameras,
            episodes: episodes
        )
    }

    private static func backbone(
        _ recipe: PolicyRecipe,
        _ head: PolicyHead,
        _ cameras: [CompactBackbone.Configuration.Camera],
        _ state: Normalization,
        _ environment: EnvironmentTargets?
    ) -> CompactBackbone.Configuration {
        var backbone = CompactBackbone.Configuration(
            cameras: cameras,
            stateDimension: state.statistics.dimension
        )
        backbone.width = recipe.width
        backbone.layerCount = recipe.layerCount
        backbone.headCount = recipe.headCount
        backbone.environmentStateDimension = environment?.columns.count
        backbone.continues = head == .blocksWithoutExpert
        return backbone
    }

    /// Most tokens that any chunk takes.
    private static func longest(
        _ tokenizer: FASTTokenizer,
        _ demonstrations: Demonstrations,
        _ episodes: [Int]?
    ) throws -> Int {
        let chunks = try demonstrations.chunks(horizon: tokenizer.horizon, episodes: episodes)
        return try tokenizer.tokens(forRobotUnits: chunks).reduce(1) { max($0, $1.count) }
    }

    private static func headConfiguration(
        _ recipe: PolicyRecipe,
        _ head: PolicyHead,
        _ coding: ActionCoding,
        _ contract: PolicyContract,
        longest: Int?
    ) -> ActionHead.Configuration {
        let dimension = contract.actionSpace.dimension
        guard let tokenizer = coding.tokenizer else {
            guard head == .flow else {
                return .regression(.init(horizon: contract.horizon, dimension: dimension))
            }
            var flow = FlowHead.Configuration(horizon: contract.horizon, dimension: dimension)
            flow.steps = recipe.flowSteps
            return .flow(flow)
        }
        let residual = tokenizer as? any ResidualTokenizer
        let ownBlocks = recipe.blockSize > 0 ? recipe.blockSize : nil
        let schedule = BlockSchedule(
            codebookCount: residual?.codebookCount ?? 1,
            placeCount: residual?.placeCount ?? longest ?? contract.horizon * dimension,
            blockSize: head == .blocks || head == .blocksWithoutExpert ? ownBlocks : 1
        )
        var codes = CodeHead.Configuration(
            schedule: schedule,
            codebookSize: tokenizer.codebookSizes[0],
            dimension: dimension
        )
        codes.listsEnd = longest != nil
        codes.looksAgain = recipe.looksAgain
        codes.pendingSteps = min(recipe.pendingSteps, contract.horizon)
        codes.spacing = recipe.spacing
        codes.sampling = recipe.sampling
        return .codes(codes)
    }

    /// What the head is to answer for normalised `chunks`; nil where it predicts no codes.
    ///
    /// - Throws: The tokenizer's errors.
    func codes(for chunks: ActionChunks) throws -> PolicyExamples.Codes? {
        guard case .codes(let head) = configuration.head, let tokenizer = coding.tokenizer else { return nil }
        let count = head.schedule.tokenCount
        let places = (tokenizer as? FASTerVQTokenizer)?.validPlaces(chunks.validSteps)
        let lists = try tokenizer.tokens(for: chunks).enumerated().map { chunk, codes in
            if head.listsEnd {
                let end = codes.count < count ? [head.codebookSize] : []
                let answered = Array(codes.prefix(count)) + end
                return answered + Array(repeating: Tensor.noClass, count: count - answered.count)
            }
            return codes.enumerated().map { position, code in
                let place = position % head.schedule.placeCount
                let counts =
                    places.map { $0[chunk * head.schedule.placeCount + place] }
                    ?? (position / chunks.dimension < chunks.validSteps[chunk])
                return counts ? code : Tensor.noClass
            }
        }
        return PolicyExamples.Codes(values: lists.flatMap { $0 }, count: count)
    }
}
