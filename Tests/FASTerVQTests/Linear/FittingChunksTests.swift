import RobotTypes
import Testing
import Torch

@testable import FASTerVQ

@Suite("Chunks of a fit")
struct FittingChunksTests {
    private func sampler(episodes: Int) -> FittingChunks {
        FittingChunks(
            LinearSamples.normalizedChunks(episodes: episodes),
            LinearSamples.normalization,
            device: .cpu
        )
    }

    @Test("holds out whole episodes, every fifth", arguments: [2, 5, 12])
    func heldOut(episodes: Int) {
        let sampler = sampler(episodes: episodes)
        let fold = min(episodes, 5)
        let expected = sampler.all.filter { $0 / 40 % fold == fold - 1 }
        #expect(sampler.heldOut == expected)
        #expect(sampler.training == sampler.all.filter { !expected.contains($0) })
    }

    @Test("holds out the end of a single episode")
    func oneEpisode() {
        let sampler = sampler(episodes: 1)
        #expect(sampler.heldOut == Array(32 ..< 40))
        #expect(sampler.training == Array(0 ..< 32))
    }

    @Test("keeps augmented chunks within the recorded range", arguments: ChunkAugmentation.allCases)
    func range(augmentation: ChunkAugmentation) {
        Torch.seed(2)
        let samples = sampler(episodes: 4).samples(augmentation, of: Array(0 ..< 80), count: 500)
        #expect(samples.shape == [500, LinearSamples.horizon, 5])
        let (low, high) = (LinearSamples.normalization.lowerBounds, LinearSamples.normalization.upperBounds)
        for (index, value) in samples.floats.enumerated() {
            #expect(low[index % 5] <= value && value <= high[index % 5])
        }
    }

    @Test("adds differences to most chunks, to every column by its own weight where episodes are few")
    func augmentations() {
        Torch.seed(3)
        let sampler = sampler(episodes: 4)
        let recorded = sampler.recorded(sampler.all)
        func newFraction(_ augmentation: ChunkAugmentation) -> Double {
            let samples = sampler.samples(augmentation, of: sampler.all, count: 200)
            let distances = (samples.unsqueezed(1) - recorded.unsqueezed(0)).abs().max(2, 3).min(1)
            return distances.greater(1e-4).to(.float32).mean().item
        }
        #expect(newFraction(.none) == 0)
        #expect(newFraction(.mostlyJoint) > 0.5)
        #expect(newFraction(.columnwise) > 0.5)
    }
}
