internal import ActionTokenizers
internal import Backbones
internal import FASTerVLA
public import Foundation
internal import LeRobot
internal import NN
public import Torch

/// A policy's training on demonstrations.
public struct PolicyTraining {
    /// Rollouts during training, every so many steps: the loss does not predict success.
    public struct RolloutEvaluation {
        /// Steps from one evaluation to the next.
        public var every: Int

        /// Evaluates the policy in a folder as it is after a step, which is counted from 0; the result goes to
        /// `metrics.jsonl`.
        public var evaluate: (_ policy: URL, _ step: Int) throws -> [String: Double]

        /// Evaluates with `evaluate` every `every` steps.
        public init(every: Int, evaluate: @escaping (_ policy: URL, _ step: Int) throws -> [String: Double]) {
            precondition(every > 0, "an evaluation comes every so many steps")
            self.every = every
            self.evaluate = evaluate
        }
    }

    /// Datasets to learn from: of one robot, or of several that share the network.
    public var sources: [PolicySource]

    /// Settings of the training.
    public var recipe: PolicyRecipe

    /// Steps of a chunk, for heads without tokenizer.
    public var horizon = 16

    /// Trained policy to start from; nil for random initialisation.
    public var start: PolicyStart?

    /// Pretrained weights of the image encoder, by the names of the package efficientnet-lite-pytorch; nil where there are none.
    public var imageEncoderWeights: URL?

    /// Folder that keeps features of images by frozen encoders; nil for `image-features` in the policy's.
    public var imageFeatures: URL?

    /// Evaluation in rollouts; it has no influence on the result.
    public var rollouts: RolloutEvaluation?

    /// Seed of initialisation, order and augmentation.
    public var seed: UInt64 = 0

    /// Device to compute on.
    public var device: Device

    /// The processes that share the batches, an equal part each; nil for one.
    ///
    /// Rank 0 writes the policy.
    public var processes: ProcessGroup?

    /// Processes of this machine, which share its memory for images.
    public var processesPerMachine = 1

    /// Divides the optimizer's state and averaged weights among the processes, which changes neither result nor checkpoint.
    public var shardsOptimizer = false

    /// Trains by `recipe` on `sources`, at least one.
    public init(_ sources: [PolicySource], recipe: PolicyRecipe, device: Device) {
        precondition(!sources.isEmpty, "a policy learns from some dataset")
        self.sources = sources
        self.recipe = recipe
        self.device = device
    }

    /// The cameras that a dataset lacks beside others, a sentence each.
    ///
    /// - Throws: ``DemonstrationsError`` when a source has none of the policy's cameras.
    public func missingCameras() throws -> [String] {
        let cameras = try sources.cameras(recipe.cameras)
        return try sources.flatMap { source in
            let own = try source.demonstrations.cameras()
            return cameras.filter { sources.count > 1 && !own.contains($0) }.map {
                "\(sources.label(of: source)): has no camera \($0): its image is black and masked"
            }
        }
    }

    /// Trains a policy and writes it to `folder`, beside its metrics.
    ///
    /// - Parameters:
    ///   - folder: Folder for the policy.
    ///   - resume: Goes on from the newest checkpoint, where there is one.
    ///   - decoding: Called while videos are decoded.
    ///   - encoding: Called while a frozen encoder reads the images.
    ///   - report: Called with every line of metrics.
    /// - Throws: The errors of datasets, recipes and trainings, and the system's.
    public func run(
        to folder: URL,
        resume: Bool,
        decoding: @escaping @Sendable (Int, Int) -> Void,
        encoding: @escaping (Int, Int) -> Void = { _, _ in },
        report: @escaping (Trainer.Progress) -> Void
    ) throws {
        try recipe.optimization.checkSharing(among: processes?.size ?? 1)
        let policy = try ResolvedPolicy(recipe, sources, horizon: horizon)
        try start?.check(policy)
        let network = try makeNetwork(of: policy)
        // Random numbers that are drawn before the first step do not change it.
        let randomState = Torch.randomState
        let cache = try featureCache(of: network, in: folder)
        let datasets = try makeDatasets(policy, cache, decoding: decoding, encoding: encoding)
        Torch.randomState = randomState
        let trainer = Trainer(
            recipe.optimization,
            in: folder,
            identity: try identity(of: policy, datasets.map(\.training), cache),
            device: device,
            processes: processes,
            shardsOptimizer: shardsOptimizer,
            report: report
        )
        try trainer.train(makeTask(policy, network, datasets, in: folder), resume: resume)
        guard processes.isLeader else { return }
        try policy.save(network, to: folder)
        trainer.finish()
    }

    /// The examples of a source: those to train on, and those to validate on; nil where no episode is held out.
    private typealias Datasets = (training: PolicyDataset, validation: PolicyDataset?)

    /// The examples of all sources, with their images.
    private func makeDatasets(
        _ policy: ResolvedPolicy,
        _ cache: ImageFeatureCache?,
        decoding: @escaping @Sendable (Int, Int) -> Void,
        encoding: @escaping (Int, Int) -> Void
    ) throws -> [Datasets] {
        try sources.indices.map { index in
            try makeDatasets(policy, of: index) { cameras in
                func images() throws -> PolicyImages {
                    try self.images(
                        of: sources[index],
                        cameras,
                        cache,
                        decoding: decoding,
                        encoding: encoding
                    )
                }
                // Rank 0 writes the features, and the others read them.
                return try cache == nil ? images() : processes?.leaderFirst(images) ?? images()
            }
        }
    }

    /// Everything that determines the result.
    private func identity(
        of policy: ResolvedPolicy,
        _ datasets: [PolicyDataset],
        _ cache: ImageFeatureCache?
    ) throws -> String {
        try RunIdentity(
            recipe,
            seed: seed,
            data: datasets.flatMap(\.identity),
            weights: sources.map(\.weight),
            start: start?.identity,
            heldOut: sources.flatMap(\.heldOut),
            processes: processes?.size ?? 1,
            inputs: policy.inputs(sources) + (cache.map { "; image encoder \($0.encoderDigest)" } ?? "")
        ).text
    }

    private func makeTask(
        _ policy: ResolvedPolicy,
        _ network: FASTerVLANetwork,
        _ datasets: [Datasets],
        in folder: URL
    ) -> PolicyTask {
        let settings = recipe.lossSettings(
            policy.robots.count == 1 ? policy.robots[0].coding : nil,
            device: device
        )
        return PolicyTask(
            network,
            policy.configuration,
            datasets.map(\.training),
            weights: sources.map(\.weight),
            recipe,
            settings,
            evaluations: evaluations(policy, network, settings, datasets.map(\.validation), in: folder),
            seed: seed,
            processes: processes,
            device: device
        )
    }

    /// The policy's network with the weights that the training begins with.
    private func makeNetwork(of policy: ResolvedPolicy) throws -> FASTerVLANetwork {
        Torch.seed(seed)
        let network = try FASTerVLANetwork(policy.configuration, policy.model, device: device)
        try loadPublishedWeights(of: network)
        try loadImageEncoder(of: network)
        if let codewords = policy.robots[0].coding.tokenizer?.codewords { network.blockHead?.set(codewords) }
        try start?.copy(into: network)
        if recipe.backbone.training == .frozen { network.backbone.freeze() }
        return network
    }

    /// The examples of a source.
    private func makeDatasets(
        _ policy: ResolvedPolicy,
        of index: Int,
        _ makeImages: ([(camera: String, height: Int, width: Int)]) throws -> PolicyImages
    ) throws -> Datasets {
        let source = sources[index]
        try source.checkHeldOut()
        let cameras = zip(policy.features[index], policy.processor.imageSizes).compactMap { feature, size in
            feature.map { (camera: $0, height: size.height, width: size.width) }
        }
        let images = try makeImages(cameras)
        func dataset(_ episodes: [Int]) throws -> PolicyDataset {
            try PolicyDataset(
                source.demonstrations,
                episodes: episodes,
                for: policy,
                source: index,
                recipe,
                images: images
            )
        }
        return (try dataset(source.trained), source.heldOut.isEmpty ? nil : try dataset(source.heldOut))
    }

    private func evaluations(
        _ policy: ResolvedPolicy,
        _ network: FASTerVLANetwork,
        _ settings: LossSettings,
        _ datasets: [PolicyDataset?],
        in folder: URL
    ) -> [PeriodicEvaluation] {
        var evaluations: [PeriodicEvaluation] = []
        let isMixture = policy.robots.count > 1
        let validations = policy.robots.enumerated().compactMap {
            (index, robot) -> (name: String, validation: PolicyValidation)? in
            let own = sources.indices.filter { policy.robotOfSource[$0] == index }
            let held = own.compactMap { datasets[$0] }
            guard let first = own.first, !held.isEmpty else { return nil }
            let validation = PolicyValidation(recipe, settings, held, coding: robot.coding, device: device)
            return (sources[first].name, validation)
        }
        if !validations.isEmpty {
            evaluations.append(
                .init(every: recipe.validateEvery) { _ in
                    try PolicyValidation.measure(network, validations, named: isMixture)
                }
            )
        }
        if let rollouts {
            let (copy, isLeader) = (folder.appending(path: "rollouts/policy"), processes.isLeader)
            evaluations.append(
                .init(every: rollouts.every) { step in
                    // The others take part, as the network may hold averages that all of them have parts of.
                    guard isLeader else { return [:] }
                    try policy.save(network, to: copy)
                    return try rollouts.evaluate(copy, step)
                }
            )
        }
        return evaluations
    }
}
