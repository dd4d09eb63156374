public import ActionTokenizers
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

    /// Demonstrations to learn from.
    public var demonstrations: Demonstrations

    /// Settings of the training.
    public var recipe: PolicyRecipe

    /// Episodes to train on; nil for all.
    public var episodes: [Int]?

    /// Episodes to validate on, none of which is trained on; they have no influence on the result.
    public var heldOut: [Int] = []

    /// Tokenizer for heads that predict FASTerVQ's codes.
    public var tokenizer: (any ActionTokenizer)?

    /// Control steps of a chunk, for heads without tokenizer.
    public var horizon = 16

    /// Trained policy to start from; nil for random initialisation.
    public var start: PolicyStart?

    /// Evaluation in rollouts; it has no influence on the result.
    public var rollouts: RolloutEvaluation?

    /// Seed of initialisation, order and augmentation.
    public var seed: UInt64 = 0

    /// Device to compute on.
    public var device: Device

    /// Trains by `recipe` on all episodes of `demonstrations`.
    public init(_ demonstrations: Demonstrations, recipe: PolicyRecipe, device: Device) {
        self.demonstrations = demonstrations
        self.recipe = recipe
        self.device = device
    }

    /// Trains a policy and writes it to `folder`, beside its metrics.
    ///
    /// - Parameters:
    ///   - folder: Folder for the policy.
    ///   - resume: Goes on from the newest checkpoint, where there is one.
    ///   - decoding: Called while videos are decoded.
    ///   - report: Called with every line of metrics.
    /// - Throws: The errors of datasets, recipes and trainings, and the system's.
    public func run(
        to folder: URL,
        resume: Bool,
        decoding: @escaping @Sendable (Int, Int) -> Void,
        report: @escaping (Trainer.Progress) -> Void
    ) throws {
        let policy = try ResolvedPolicy(
            recipe,
            demonstrations,
            episodes: episodes,
            tokenizer: tokenizer,
            horizon: horizon
        )
        let (dataset, validation) = try makeDatasets(policy, decoding: decoding)
        let identity = try RunIdentity(
            recipe,
            seed: seed,
            data: dataset.identity,
            start: start?.identity,
            heldOut: heldOut
        )
        Torch.seed(seed)
        let network = FASTerVLANetwork(policy.configuration, device: device)
        try start?.copy(into: network)
        let task = PolicyTask(
            network,
            dataset,
            recipe,
            evaluations: evaluations(policy, network, validation, in: folder),
            seed: seed,
            device: device
        )
        let trainer = Trainer(
            recipe.optimization,
            in: folder,
            identity: identity.text,
            device: device,
            report: report
        )
        try trainer.train(task, resume: resume)
        try policy.save(network, to: folder)
        trainer.finish()
    }

    /// Decodes the videos, and gives the examples to train on and those to validate on; nil where no episode is held out.
    private func makeDatasets(
        _ policy: ResolvedPolicy,
        decoding: @escaping @Sendable (Int, Int) -> Void
    ) throws -> (training: PolicyDataset, validation: PolicyDataset?) {
        let trained = episodes ?? Array(demonstrations.dataset.episodes.indices)
        if let both = Set(trained).intersection(heldOut).min() {
            throw DemonstrationsError(
                description: "episode \(both) is both trained on and held out: leave it out of one of the two"
            )
        }
        let sizes = policy.backbone.cameras.map { ($0.height, $0.width) }
        let cameras = try policy.cameraNames.map { try demonstrations.imageFeature(of: $0) }
        let frames = try FrameStore(
            dataset: demonstrations.dataset,
            cameras: cameras,
            scaledSizes: Dictionary(zip(cameras, sizes)) { first, _ in first },
            episodes: trained + heldOut,
            progress: decoding
        )
        func dataset(_ episodes: [Int]) throws -> PolicyDataset {
            try PolicyDataset(demonstrations, episodes: episodes, for: policy, recipe, frames: frames)
        }
        return (try dataset(trained), heldOut.isEmpty ? nil : try dataset(heldOut))
    }

    private func evaluations(
        _ policy: ResolvedPolicy,
        _ network: FASTerVLANetwork,
        _ dataset: PolicyDataset?,
        in folder: URL
    ) -> [PeriodicEvaluation] {
        var evaluations: [PeriodicEvaluation] = []
        if let dataset {
            let validation = PolicyValidation(recipe, dataset, coding: policy.coding, device: device)
            evaluations.append(.init(every: recipe.validateEvery) { _ in try validation.measure(network) })
        }
        if let rollouts {
            let copy = folder.appending(path: "rollouts/policy")
            evaluations.append(
                .init(every: rollouts.every) { step in
                    try policy.save(network, to: copy)
                    return try rollouts.evaluate(copy, step)
                }
            )
        }
        return evaluations
    }
}
