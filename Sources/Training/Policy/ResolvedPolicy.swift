internal import ActionTokenizers
internal import Backbones
internal import FASTerVLA
internal import Foundation
internal import LeRobot
internal import RobotTypes

/// A recipe resolved against demonstrations: everything about a policy but its weights.
struct ResolvedPolicy {
    /// Names of the network's cameras, in its order.
    let cameraNames: [String]

    /// The published backbone; nil for the compact one.
    let model: PretrainedModel?

    /// Observations as inputs of the backbone.
    let processor: any InputProcessor

    /// The robots, in the order of their first sources.
    let robots: [ResolvedRobot]

    /// Position of the robot of every source.
    let robotOfSource: [Int]

    /// Every source's image feature of every camera of the network; nil for one that it lacks.
    let features: [[String?]]

    /// Every source's labels of the object-pose task; nil where the recipe does without it.
    let objectPoses: [ObjectPoseLabels]?

    /// Steps of a chunk, as the network predicts it.
    let horizon: Int

    /// Columns of an action that the network reads: of the robot that has most.
    let columns: Int

    /// Configuration of the network and contract of the policy.
    let configuration: PolicyConfiguration

    /// Resolves `recipe`.
    ///
    /// - Parameters:
    ///   - recipe: Recipe of the training.
    ///   - sources: Datasets with their tokenizers; statistics and baselines are fitted to the episodes that are trained on.
    ///   - horizon: Steps of a chunk, for heads without tokenizer.
    /// - Throws: The errors of datasets and tokenizers, ``DemonstrationsError`` when dataset, tokenizer and recipe do not
    ///   fit together.
    init(_ recipe: PolicyRecipe, _ sources: [PolicySource], horizon: Int) throws {
        let all = try sources.robots()
        let isMixture = all.count > 1
        guard !isMixture || recipe.objectPose.weight == 0 else {
            throw DemonstrationsError(
                description:
                    "objectPose.weight: expected 0 with several robots, found \(recipe.objectPose.weight)"
            )
        }
        cameraNames = try sources.cameras(recipe.cameras)
        let states = try all.map { try $0.normalization { try $0.states() } }
        objectPoses =
            recipe.objectPose.weight > 0
            ? try all[0].objectPoses(columns: recipe.objectPose.columns, cameras: cameraNames) : nil
        let dimensions = states.map(\.statistics.dimension)
        model = try recipe.backbone.model()
        // One value more of a mixture tells the robots apart.
        let backbone = try Self.backbone(
            recipe,
            model,
            sources,
            cameraNames,
            stateDimension: (dimensions.max() ?? 0) + (isMixture ? 1 : 0),
            objectPoses?.first
        )
        processor = try backbone.makeProcessor(model)
        let codings = try all.map { robot in
            try Self.coding(recipe, robot, robot.tokenizer(sources), isOnly: !isMixture, horizon: horizon)
        }
        let steps = codings[0].tokenizer?.horizon ?? horizon
        self.horizon = steps
        let (names, images) = (cameraNames, processor.imageSizes)
        let contracts = try zip(all, states).map { robot, state in
            try robot.contract(names, images, state, horizon: steps)
        }
        columns = contracts.map(\.actionSpace.dimension).max() ?? 0
        var configuration = PolicyConfiguration(
            contract: contracts[0],
            mixture: isMixture
                ? PolicyMixture(
                    cameras: cameraNames,
                    horizon: steps,
                    embodiments: zip(all, contracts).map { .init(name: $0.name, contract: $1) }
                ) : nil,
            backbone: backbone,
            expert: recipe.head == .blocksWithoutExpert ? nil : recipe.expert,
            head: .regression(.init(horizon: steps, dimension: columns))
        )
        robots = all.indices.map { index in
            configuration.contract = contracts[index]
            return ResolvedRobot(
                state: states[index],
                coding: codings[index],
                layout: InputLayout(configuration, embodiment: isMixture ? index : nil)
            )
        }
        configuration.contract = contracts[0]
        configuration.head = try Self.head(recipe, all[0], robots, horizon: steps, columns: columns)
        self.configuration = configuration
        robotOfSource = sources.indices.map { source in
            all.firstIndex { $0.positions.contains(source) } ?? 0
        }
        features = try sources.map { try $0.features(names) }
    }

    /// Coding of a robot's actions: its tokenizer, one that is fitted to it, or its normalised values.
    private static func coding(
        _ recipe: PolicyRecipe,
        _ robot: RobotDemonstrations,
        _ tokenizer: (any ActionTokenizer)?,
        isOnly: Bool,
        horizon: Int
    ) throws -> ActionCoding {
        let demonstrations = robot.first
        let normalization = try robot.actionNormalization(
            .quantiles,
            horizon: tokenizer?.horizon ?? horizon
        )
        switch recipe.head {
        case .blocks, .blocksWithoutExpert, .tokens:
            return .codes(
                try checked(tokenizer, for: recipe.head, demonstrations).keeping(codebooks: recipe.codebooks)
            )
        case .fast, .binning:
            guard isOnly else {
                throw DemonstrationsError(
                    description:
                        "head '\(recipe.head.rawValue)' takes one robot, as its tokenizer is fitted to one robot's "
                        + "actions; several take 'blocks', 'tokens', 'flow' or 'regression'"
                )
            }
            guard recipe.head == .fast else {
                return .codes(BinningTokenizer(horizon: horizon, normalization: normalization))
            }
            var chunks = try robot.chunks(horizon: horizon)
            chunks.values = normalization.normalized(chunks.values)
            return .codes(try FASTTokenizer(fitting: chunks, normalization: normalization))
        case .flow, .regression: return .values(normalization)
        }
    }

    /// The tokenizer whose codes `head` predicts, if it can predict them and they are of the robot's actions.
    private static func checked(
        _ tokenizer: (any ActionTokenizer)?,
        for head: PolicyHead,
        _ demonstrations: Demonstrations
    ) throws(DemonstrationsError) -> any ActionTokenizer {
        guard let tokenizer else {
            throw DemonstrationsError(description: "head '\(head.rawValue)' needs a tokenizer")
        }
        guard !tokenizer.layout.isVariableLength, Set(tokenizer.codebookSizes).count == 1 else {
            throw DemonstrationsError(
                description:
                    "head '\(head.rawValue)' needs a fixed number of tokens a chunk from codebooks of one "
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
        return tokenizer
    }

    /// The network's head: as many latent positions, or columns, as the largest robot needs.
    private static func head(
        _ recipe: PolicyRecipe,
        _ first: RobotDemonstrations,
        _ robots: [ResolvedRobot],
        horizon: Int,
        columns: Int
    ) throws -> ActionHead.Configuration {
        guard let tokenizer = robots[0].coding.tokenizer else {
            guard recipe.head == .flow else {
                return .regression(.init(horizon: horizon, dimension: columns))
            }
            var flow = FlowHead.Configuration(horizon: horizon, dimension: columns)
            flow.steps = recipe.flowSteps
            return .flow(flow)
        }
        let layout = tokenizer.layout
        let others = robots.compactMap(\.coding.tokenizer)
        guard others.allSatisfy({ $0.codebookSizes == tokenizer.codebookSizes }) else {
            throw DemonstrationsError(
                description: "the tokenizers of several robots need codebooks of one model"
            )
        }
        // Variable-length layouts get room for the longest sequence of the training.
        let positions =
            try others.compactMap(\.layout.latentPositionCount).max()
            ?? tokenizer.tokens(forRobotUnits: first.chunks(horizon: horizon))
            .reduce(1) { max($0, $1.count) }
        let isBlockwise = recipe.head == .blocks || recipe.head == .blocksWithoutExpert
        var blocks = BlockHead.Configuration(
            schedule: BlockSchedule(
                codebookCount: layout.codebookCount,
                latentPositionCount: positions,
                blockSize: isBlockwise ? (recipe.blockSize > 0 ? recipe.blockSize : nil) : 1
            ),
            codebookSize: tokenizer.codebookSizes[0],
            dimension: columns
        )
        blocks.isVariableLength = layout.isVariableLength
        if recipe.earlyEnd.tolerance > 0 { blocks.earlyEnd = EarlyEnd(tolerance: recipe.earlyEnd.tolerance) }
        if recipe.codewordGeometry, robots.count == 1, let codewords = tokenizer.codewords,
            codewords.codebookSize >= SoftLabels.smallestCodebook
        {
            blocks.codewordWidth = codewords.width
        }
        blocks.supportsMaskPredict = recipe.supportsMaskPredict
        blocks.committedSteps = min(recipe.committedSteps, horizon)
        blocks.positionGaps = recipe.positionGaps
        blocks.sampling = recipe.sampling
        return .blocks(blocks)
    }

    /// The robots and the image features that their cameras show, in words.
    func inputs(_ sources: [PolicySource]) -> String {
        zip(sources, features).map { source, features in
            let cameras = zip(cameraNames, features).map { "\($0)=\($1 ?? "none")" }
            return (sources.count > 1 ? "\(source.name): " : "") + cameras.joined(separator: " ")
        }
        .joined(separator: "; ")
    }

    /// Writes the policy with the weights of `network` to `folder`.
    func save(_ network: FASTerVLANetwork, to folder: URL) throws {
        try PolicyFolder.save(
            configuration,
            network: network,
            robots: robots.map { ($0.coding, $0.state) },
            model: model,
            to: folder
        )
    }
}

extension ResolvedPolicy {
    /// The compact backbone; nil for a published one.
    var compactBackbone: CompactBackbone.Configuration? {
        if case .compact(let configuration) = configuration.backbone { configuration } else { nil }
    }

    /// Digest of the tokenizer as the policy's folder will hold it; nil for heads without one.
    ///
    /// - Throws: The system's error, where the temporary folder cannot be written.
    func tokenizerDigest() throws -> String? {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tokenizer-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        return try robots[0].coding.saveTokenizer(
            to: folder,
            ofSeveralRobots: configuration.mixture != nil
        )
    }
}
