import Backbones
import FASTerVLA
import Foundation
import LeRobot
import NN
import RankThreads
import TemporaryFolder
import Testing
import Torch

@testable import Training

@Suite("The order of examples in resumed trainings", .serialized, .timeLimit(.minutes(5)))
struct ResumedOrderTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try SampleDemonstrations.write(to: folder.appending(path: "data"))
    }

    /// A training that looks at no example, but notes which ones its rank would see.
    private final class Recording: TrainingTask {
        let seed: UInt64 = 0
        let weight = NamedTensor(name: "w", tensor: Tensor.ones([2, 2]).requiringGradient())
        let batches: PolicyBatches
        private(set) var seen: [Int: [Int]] = [:]

        init(_ batches: PolicyBatches) { self.batches = batches }

        var parameters: [NamedTensor] { [weight] }
        var state: [NamedTensor] { [weight] }

        func begin(at step: Int) { batches.begin(at: step) }

        func losses(at step: Int, computeDType: DType?) throws -> [() throws -> TrainingLoss] {
            seen[step] = try batches.next().flatMap(\.batch.indices)
            return [{ [weight] in TrainingLoss(total: (weight.tensor * weight.tensor).sum()) { [:] } }]
        }
    }

    private func recipe(batchSize: Int, steps: Int) throws -> PolicyRecipe {
        try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=regression", "optimization.steps=\(steps)", "optimization.batchSize=\(batchSize)",
                "optimization.checkpointEvery=1", "optimization.logEvery=1", "backbone.width=32",
                "backbone.layerCount=1", "backbone.headCount=2", "backbone.pixelsPerToken=32",
                "expert.width=32",
            ]
        )
    }

    private func dataset(_ recipe: PolicyRecipe) throws -> PolicyDataset {
        let source = PolicySource(try Demonstrations(opening: folder.appending(path: "data")))
        let policy = try ResolvedPolicy(recipe, [source], horizon: 8)
        let cameras = policy.features[0].compactMap(\.self)
        let sizes = zip(cameras, policy.processor.imageSizes.map { ($0.height, $0.width) })
        let frames = try FrameStore(
            dataset: source.demonstrations.dataset,
            cameras: cameras,
            scaledSizes: Dictionary(uniqueKeysWithValues: sizes)
        )
        return try PolicyDataset(
            source.demonstrations,
            episodes: source.trained,
            for: policy,
            source: 0,
            recipe,
            images: .frames(frames)
        )
    }

    /// The examples of every step, the ranks' shares one after the other; a training that is killed `after` a step and resumed, by other
    /// ranks where these are given, sees those of the steps after it.
    private func examples(
        _ dataset: PolicyDataset,
        _ recipe: PolicyRecipe,
        ranks: Int,
        resumedAfter kill: Int?,
        byOther others: Int? = nil
    ) async throws -> [Int: [Int]] {
        let output = folder.appending(path: UUID().uuidString)
        @Sendable func train(_ group: ProcessGroup?, killAfter: Int?) throws -> [Int: [Int]] {
            let batches = PolicyBatches(
                [dataset],
                weights: [1],
                recipe,
                seed: 7,
                processes: group,
                device: .cpu
            )
            let task = Recording(batches)
            let trainer = Trainer(
                recipe.optimization,
                in: output,
                identity: "same",
                device: .cpu,
                processes: group
            ) { if $0.step == killAfter.map({ $0 + 1 }) { throw Killed() } }
            do { try trainer.train(task, resume: true) } catch is Killed {}
            return task.seen
        }
        func trained(by ranks: Int, killAfter: Int?) async throws -> [Int: [Int]] {
            guard ranks > 1 else { return try train(nil, killAfter: killAfter) }
            return try await RankThreads.each(of: ranks) { try train($0, killAfter: killAfter) }
                .reduce(into: [:]) { $0.merge(try $1.get()) { $0 + $1 } }
        }
        if let kill { _ = try await trained(by: ranks, killAfter: kill) }
        return try await trained(by: others ?? ranks, killAfter: nil)
    }

    /// 48 examples: an epoch ends with a batch of 4, and within one of 10.
    @Test("is that of a training which was never stopped", arguments: [4, 10], [1, 2])
    func same(batchSize: Int, ranks: Int) async throws {
        let epoch = 48 / batchSize
        let recipe = try recipe(batchSize: batchSize, steps: epoch + 5)
        let dataset = try dataset(recipe)
        try #require(dataset.count == 48)
        let whole = try await examples(dataset, recipe, ranks: ranks, resumedAfter: nil)
        let alone = try await examples(dataset, recipe, ranks: 1, resumedAfter: nil)
        try #require(whole.count == epoch + 5 && whole == alone)
        let first = whole.filter { $0.key < epoch }.flatMap(\.value)
        #expect(Set(first).count == epoch * batchSize, "an example comes twice in an epoch")
        for step in [1, epoch - 1, epoch, epoch + 1] {
            let resumed = try await examples(dataset, recipe, ranks: ranks, resumedAfter: step)
            #expect(resumed == whole.filter { $0.key >= step }, "stopped after \(step) steps")
            let others = try await examples(
                dataset,
                recipe,
                ranks: ranks,
                resumedAfter: step,
                byOther: 3 - ranks
            )
            #expect(others == resumed, "resumed by other ranks after \(step) steps")
        }
    }
}
