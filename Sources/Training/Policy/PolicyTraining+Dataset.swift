internal import Backbones
internal import FASTerVLA
public import FASTerVQ
public import Foundation
internal import LeRobot
public import Torch

extension PolicyTraining {
    /// What a policy is trained on and how.
    public struct Assignment {
        /// What to learn from.
        public var demonstrations: Demonstrations

        /// Episodes to use; nil for all.
        public var episodes: [Int]?

        /// Episodes to measure on while training, none of which is used; they have no influence on the training.
        public var heldOut: [Int] = []

        /// Gives the codes that the policy learns to predict, in the first of its codebooks; nil for heads that predict
        /// none of FASTerVQ's.
        public var tokenizer: FASTerVQTokenizer?

        /// Control steps of a chunk, for heads without tokenizer.
        public var horizon = 16

        /// How to train.
        public var recipe: PolicyRecipe

        /// A policy's folder that training goes on from, with the parts that are taken from it.
        public var start: PolicyStart?

        /// What is done with the policy now and then; it has no influence on the training.
        public var trial: PolicyTrial?

        /// Determines first weights, order and augmentation.
        public var seed: UInt64 = 0

        /// Trains by `recipe` on all episodes of `demonstrations`.
        public init(_ demonstrations: Demonstrations, recipe: PolicyRecipe) {
            self.demonstrations = demonstrations
            self.recipe = recipe
        }
    }

    /// Trains a policy on demonstrations and writes it to `folder`, beside its measurements.
    ///
    /// - Parameters:
    ///   - assignment: What to learn.
    ///   - folder: Where the policy goes.
    ///   - resume: Whether to go on from the newest checkpoint.
    ///   - device: Where to compute.
    ///   - decoding: Called while pictures are decoded.
    ///   - report: Called at every measurement.
    /// - Throws: The errors of datasets, recipes and runs, and the system's.
    public static func run(
        _ assignment: Assignment,
        to folder: URL,
        resume: Bool,
        device: Device,
        decoding: @escaping @Sendable (Int, Int) -> Void,
        report: @escaping (TrainingRun.Progress) -> Void
    ) throws {
        let (recipe, demonstrations) = (assignment.recipe, assignment.demonstrations)
        let plan = try PolicyPlan(
            recipe,
            head: PolicyHead(checked: recipe.head),
            demonstrations,
            episodes: assignment.episodes,
            tokenizer: assignment.tokenizer,
            horizon: assignment.horizon
        )
        let used = assignment.episodes ?? Array(demonstrations.dataset.episodes.indices)
        if let both = Set(used).intersection(assignment.heldOut).min() {
            throw DemonstrationsError(
                description: "episode \(both) is both trained on and held out: leave it out of one of the two"
            )
        }
        let frames = try FrameStore(
            dataset: demonstrations.dataset,
            cameras: plan.cameras.map(\.name),
            scaledSizes: Dictionary(
                uniqueKeysWithValues: plan.cameras.map { ($0.name, ($0.camera.height, $0.camera.width)) }
            ),
            episodes: used + assignment.heldOut,
            progress: decoding
        )
        let examples = try demonstrations.policyExamples(plan, episodes: used, frames: frames)
        let heldOut =
            assignment.heldOut.isEmpty
            ? nil : try demonstrations.policyExamples(plan, episodes: assignment.heldOut, frames: frames)
        let run = TrainingRun(
            folder: folder,
            totalSteps: recipe.steps,
            recipe: try RunIdentity(
                recipe,
                seed: assignment.seed,
                data: examples.identity,
                start: assignment.start?.identity,
                heldOut: assignment.heldOut
            ).text,
            measureEvery: TrainingRun.usualMeasureEvery,
            checkpointEvery: recipe.checkpointEvery,
            report: report
        )
        let training = PolicyTraining(
            recipe: recipe,
            examples: examples,
            validation: heldOut.map {
                PolicyValidation(recipe, examples: $0, coding: plan.coding, device: device)
            },
            seed: assignment.seed,
            device: device
        )
        func save(_ network: FASTerVLANetwork, to folder: URL) throws {
            try PolicyBundle.save(
                plan.configuration,
                network: network,
                actions: plan.coding,
                state: plan.state,
                to: folder
            )
        }
        let tried = folder.appending(path: "trials/policy")
        let network = try training.train(
            plan.configuration,
            from: assignment.start,
            run: run,
            resume: resume,
            trial: assignment.trial.map { trial in
                (
                    trial.every,
                    { network, step in
                        try save(network, to: tried)
                        return try trial.measure(tried, step)
                    }
                )
            }
        )
        try save(network, to: folder)
        run.finish()
    }
}

extension PolicyHead {
    /// The head that a checked recipe names.
    init(checked name: String) throws(RecipeError) {
        guard let head = PolicyHead(rawValue: name) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw RecipeError(source: "recipe", reason: "'head' should be one of \(known), found '\(name)'")
        }
        self = head
    }
}
