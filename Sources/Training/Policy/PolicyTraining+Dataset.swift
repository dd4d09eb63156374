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
        let plan = try assignment.makePlan()
        let (examples, heldOut) = try assignment.makeExamples(plan, decoding: decoding)
        let run = try assignment.makeRun(on: examples, in: folder, report: report)
        let training = PolicyTraining(
            recipe: assignment.recipe,
            examples: examples,
            validation: heldOut.map {
                PolicyValidation(assignment.recipe, examples: $0, coding: plan.coding, device: device)
            },
            seed: assignment.seed,
            device: device
        )
        let network = try training.train(
            plan.configuration,
            from: assignment.start,
            run: run,
            resume: resume,
            trial: assignment.trial?.measuring(plan, in: folder.appending(path: "trials/policy"))
        )
        try plan.save(network, to: folder)
        run.finish()
    }
}

extension PolicyTraining.Assignment {
    fileprivate func makePlan() throws -> PolicyPlan {
        try PolicyPlan(
            recipe,
            head: PolicyHead(checked: recipe.head),
            demonstrations,
            episodes: episodes,
            tokenizer: tokenizer,
            horizon: horizon
        )
    }

    /// Decodes the pictures, and gives what is trained on and what is held out; nil where no episode is.
    fileprivate func makeExamples(
        _ plan: PolicyPlan,
        decoding: @escaping @Sendable (Int, Int) -> Void
    ) throws -> (used: PolicyExamples, heldOut: PolicyExamples?) {
        let used = try usedEpisodes()
        let frames = try FrameStore(
            dataset: demonstrations.dataset,
            cameras: plan.cameras.map(\.name),
            scaledSizes: Dictionary(
                uniqueKeysWithValues: plan.cameras.map { ($0.name, ($0.camera.height, $0.camera.width)) }
            ),
            episodes: used + heldOut,
            progress: decoding
        )
        let examples = try demonstrations.policyExamples(plan, episodes: used, frames: frames)
        let others =
            heldOut.isEmpty
            ? nil : try demonstrations.policyExamples(plan, episodes: heldOut, frames: frames)
        return (examples, others)
    }

    /// Episodes to train on, none of which is held out.
    private func usedEpisodes() throws(DemonstrationsError) -> [Int] {
        let used = episodes ?? Array(demonstrations.dataset.episodes.indices)
        if let both = Set(used).intersection(heldOut).min() {
            throw DemonstrationsError(
                description: "episode \(both) is both trained on and held out: leave it out of one of the two"
            )
        }
        return used
    }

    fileprivate func makeRun(
        on examples: PolicyExamples,
        in folder: URL,
        report: @escaping (TrainingRun.Progress) -> Void
    ) throws -> TrainingRun {
        let identity = try RunIdentity(
            recipe,
            seed: seed,
            data: examples.identity,
            start: start?.identity,
            heldOut: heldOut
        )
        return TrainingRun(
            folder: folder,
            totalSteps: recipe.steps,
            recipe: identity.text,
            measureEvery: TrainingRun.usualMeasureEvery,
            checkpointEvery: recipe.checkpointEvery,
            report: report
        )
    }
}

extension PolicyPlan {
    /// Writes the planned policy, with the weights of `network`, to `folder`.
    fileprivate func save(_ network: FASTerVLANetwork, to folder: URL) throws {
        try PolicyBundle.save(configuration, network: network, actions: coding, state: state, to: folder)
    }
}

extension PolicyTrial {
    /// The trial of networks that become the policy of `plan`, which is written to `folder` each time.
    fileprivate func measuring(_ plan: PolicyPlan, in folder: URL) -> PolicyTraining.Trial {
        (
            every: every,
            measure: { network, step in
                try plan.save(network, to: folder)
                return try measure(folder, step)
            }
        )
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
