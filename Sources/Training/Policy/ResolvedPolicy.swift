internal import ActionTokenizers
internal import Backbones
internal import FASTerVLA
internal import Foundation
internal import LeRobot
internal import RobotTypes

/// A recipe resolved against demonstrations: everything about a policy but its weights.
struct ResolvedPolicy {
    /// Names of the cameras, in the order of the contract.
    let cameraNames: [String]

    /// The compact backbone.
    let backbone: CompactBackbone.Configuration

    /// Normalisation of states.
    let state: Normalization

    /// Coding of actions: a tokenizer, or normalised values.
    let coding: ActionCoding

    /// Labels of the object-pose task; nil where the recipe does without it.
    let objectPoses: ObjectPoseLabels?

    /// Configuration of the network and contract of the policy.
    let configuration: PolicyConfiguration

    /// Resolves `recipe`.
    ///
    /// - Parameters:
    ///   - recipe: Recipe of the training.
    ///   - demonstrations: Dataset.
    ///   - episodes: Episodes that statistics and baselines are fitted to; nil for all.
    ///   - tokenizer: Tokenizer for heads that predict a grid of codes.
    ///   - horizon: Control steps of a chunk, for the other heads.
    /// - Throws: The errors of datasets and tokenizers, ``DemonstrationsError`` when dataset, tokenizer and recipe do not
    ///   fit together.
    init(
        _ recipe: PolicyRecipe,
        _ demonstrations: Demonstrations,
        episodes: [Int]?,
        tokenizer: (any ActionTokenizer)?,
        horizon: Int
    ) throws {
        cameraNames = try demonstrations.cameras(recipe.cameras)
        state = try demonstrations.normalization(
            of: try demonstrations.states(),
            .quantiles,
            episodes: episodes
        )
        objectPoses =
            recipe.objectPose.weight > 0
            ? try ObjectPoseLabels(
                demonstrations,
                columns: recipe.objectPose.columns,
                cameras: cameraNames,
                episodes: episodes
            ) : nil
        backbone = try Self.backbone(recipe, demonstrations, cameraNames, state, objectPoses)
        coding = try Self.coding(recipe, demonstrations, episodes, tokenizer, horizon: horizon)
        let contract = PolicyContract(
            cameras: zip(cameraNames, backbone.cameras).map {
                .init(name: $0, height: $1.height, width: $1.width)
            },
            stateDimension: state.statistics.dimension,
            stateNames: try demonstrations.states().names,
            horizon: coding.tokenizer?.horizon ?? horizon,
            actionSpace: demonstrations.actionSpace,
            actionNames: demonstrations.actions.names,
            framesPerSecond: demonstrations.dataset.info.fps
        )
        configuration = PolicyConfiguration(
            contract: contract,
            backbone: .compact(backbone),
            expert: recipe.head == .blocksWithoutExpert ? nil : recipe.expert,
            head: try Self.head(recipe, coding, contract, demonstrations, episodes)
        )
    }

    private static func backbone(
        _ recipe: PolicyRecipe,
        _ demonstrations: Demonstrations,
        _ cameraNames: [String],
        _ state: Normalization,
        _ objectPoses: ObjectPoseLabels?
    ) throws -> CompactBackbone.Configuration {
        let settings = recipe.backbone
        let cameras = try cameraNames.enumerated().map { index, name in
            let recorded = try demonstrations.dataset.imageSize(of: demonstrations.imageFeature(of: name))
            let size =
                settings.imageSize > 0 ? (height: settings.imageSize, width: settings.imageSize) : recorded
            let pixels = index == 0 ? settings.pixelsPerToken : settings.pixelsPerTokenOfOtherCameras
            guard size.height > 0, size.height % pixels == 0, size.width % pixels == 0 else {
                throw DemonstrationsError(
                    description:
                        "\(name): images of \(size.height) x \(size.width) pixels cannot be divided into patches of "
                        + "\(pixels) x \(pixels); have them scaled, for example with --set backbone.imageSize=\(8 * pixels)"
                )
            }
            return CompactBackbone.Configuration.Camera(
                height: size.height,
                width: size.width,
                pixelsPerToken: pixels,
                keypoints: settings.keypoints
            )
        }
        var backbone = CompactBackbone.Configuration(
            cameras: cameras,
            stateDimension: state.statistics.dimension
        )
        (backbone.width, backbone.layerCount, backbone.headCount) = (
            settings.width, settings.layerCount, settings.headCount
        )
        backbone.objectPoseDimension = objectPoses?.columns.count
        backbone.supportsDecoding = recipe.head == .blocksWithoutExpert
        return backbone
    }

    private static func coding(
        _ recipe: PolicyRecipe,
        _ demonstrations: Demonstrations,
        _ episodes: [Int]?,
        _ tokenizer: (any ActionTokenizer)?,
        horizon: Int
    ) throws -> ActionCoding {
        let normalization = try demonstrations.actionNormalization(
            .quantiles,
            horizon: tokenizer?.horizon ?? horizon,
            episodes: episodes
        )
        switch recipe.head {
        case .blocks, .blocksWithoutExpert, .tokens:
            guard let tokenizer else {
                throw DemonstrationsError(description: "head '\(recipe.head.rawValue)' needs a tokenizer")
            }
            guard !tokenizer.layout.isVariableLength, Set(tokenizer.codebookSizes).count == 1 else {
                throw DemonstrationsError(
                    description:
                        "head '\(recipe.head.rawValue)' needs a fixed number of tokens a chunk from codebooks of one "
                        + "size, as of fastervq; '\(tokenizer.name)' has another layout"
                )
            }
            let space = tokenizer.requiredActionSpace ?? demonstrations.actionSpace
            guard space == demonstrations.actionSpace, tokenizer.dimension == space.dimension else {
                throw DemonstrationsError(
                    description: "the tokenizer's action space is \(space), the dataset's "
                        + "\(demonstrations.actionSpace): train a tokenizer on this dataset, or pass the same --groups"
                )
            }
            guard tokenizer.normalization.transform == demonstrations.transform else {
                throw DemonstrationsError(
                    description:
                        "the tokenizer's actions are relative to states or continuous in another way than the "
                        + "dataset's: pass the --mapping or --relative that the tokenizer was made with"
                )
            }
            return .codes(tokenizer.keeping(codebooks: recipe.codebooks))
        case .fast:
            let chunks = try demonstrations.chunks(horizon: horizon, episodes: episodes, normalization)
            return .codes(try FASTTokenizer(fitting: chunks, normalization: normalization))
        case .binning:
            return .codes(BinningTokenizer(horizon: horizon, normalization: normalization))
        case .flow, .regression: return .values(normalization)
        }
    }

    private static func head(
        _ recipe: PolicyRecipe,
        _ coding: ActionCoding,
        _ contract: PolicyContract,
        _ demonstrations: Demonstrations,
        _ episodes: [Int]?
    ) throws -> ActionHead.Configuration {
        let (horizon, dimension) = (contract.horizon, contract.actionSpace.dimension)
        guard let tokenizer = coding.tokenizer else {
            guard recipe.head == .flow else {
                return .regression(.init(horizon: horizon, dimension: dimension))
            }
            var flow = FlowHead.Configuration(horizon: horizon, dimension: dimension)
            flow.steps = recipe.flowSteps
            return .flow(flow)
        }
        // Variable-length layouts get room for the longest sequence of the training.
        let layout = tokenizer.layout
        let positions =
            try layout.latentPositionCount
            ?? tokenizer.tokens(forRobotUnits: demonstrations.chunks(horizon: horizon, episodes: episodes))
            .reduce(1) { max($0, $1.count) }
        let isBlockwise = recipe.head == .blocks || recipe.head == .blocksWithoutExpert
        var blocks = BlockHead.Configuration(
            schedule: BlockSchedule(
                codebookCount: layout.codebookCount,
                latentPositionCount: positions,
                blockSize: isBlockwise ? (recipe.blockSize > 0 ? recipe.blockSize : nil) : 1
            ),
            codebookSize: tokenizer.codebookSizes[0],
            dimension: dimension
        )
        blocks.isVariableLength = layout.isVariableLength
        blocks.supportsMaskPredict = recipe.supportsMaskPredict
        blocks.committedSteps = min(recipe.committedSteps, horizon)
        blocks.positionGaps = recipe.positionGaps
        blocks.sampling = recipe.sampling
        return .blocks(blocks)
    }

    /// Writes the policy with the weights of `network` to `folder`.
    func save(_ network: FASTerVLANetwork, to folder: URL) throws {
        try PolicyFolder.save(configuration, network: network, actions: coding, state: state, to: folder)
    }
}
