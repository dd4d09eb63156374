import Backbones
import FASTerVQ
import Foundation
import RobotTypes
import Testing
import Torch

@testable import FASTerVLA

@Suite("Several robots in one forward")
struct BatchTests {
    /// Observations that differ in image, state and length of the instruction.
    private func observations(_ count: Int = 5, seeded: Bool = false) -> [Observation] {
        (0 ..< count).map { number in
            let pixels = (0 ..< 32 * 32 * 3).map { UInt8(($0 * (number + 3) + number) % 251) }
            var observation = Observation(
                images: ["observation.images.front": Image(width: 32, height: 32, pixels: pixels)],
                state: [Float(number) / 5 - 0.4, 0.3 - Float(number) / 9],
                instruction: ["open the drawer", "close it", "", "pick up the mug and wait"][number % 4]
            )
            if seeded { observation.options.seed = UInt64(number % 3) }
            return observation
        }
    }

    /// Checks that a batch gives what each observation gives alone.
    private func check(_ policy: FASTerVLAPolicy, _ observations: [Observation]) async throws {
        let together = try await policy.act(on: observations)
        #expect(together.count == observations.count)
        var distinct = Set<[Float]>()
        for (observation, found) in zip(observations, together) {
            let alone = try await policy.act(on: observation)
            let errors = zip(found.chunk.values, alone.chunk.values).map { abs($0 - $1) }
            #expect(errors.count == alone.chunk.values.count && errors.allSatisfy { $0 < 1e-5 })
            #expect(found.codebooks == alone.codebooks && found.tokens == alone.tokens)
            distinct.insert(alone.chunk.values)
        }
        #expect(distinct.count > 1, "replies that do not depend on the observation say nothing")
    }

    @Test("get greedily what each gets alone")
    func greedy() async throws {
        try await check(try SmallPolicy.policy().policy, observations())
    }

    @Test("get, with a seed each, the samples that each gets alone, in any order")
    func sampled() async throws {
        var decoding = DecodingSettings()
        (decoding.temperature, decoding.topK) = (1, 0)
        let policy = try SmallPolicy.policy(decoding).policy
        let observations = observations(seeded: true)
        try await check(policy, observations)
        try await check(policy, observations.reversed())
        // Without a seed, equal observations get different samples.
        let unseeded = Array(repeating: self.observations()[0], count: 8)
        let samples = try await policy.act(on: unseeded).map(\.chunk.values)
        #expect(Set(samples).count > 1)
    }

    @Test("are decoded again together, and end early each by itself")
    func endings() async throws {
        var decoding = DecodingSettings()
        var lengths = Set<Int>()
        for threshold in [0.4, 0.5, 0.6] {
            decoding.endThreshold = threshold
            let policy = try SmallPolicy.policy(decoding, earlyEnd: EarlyEnd(tolerance: 0.1)).policy
            let observations = observations(8)
            try await check(policy, observations)
            for prediction in try await policy.act(on: observations) {
                lengths.insert(prediction.codebooks?.count ?? 0)
            }
        }
        #expect(lengths.count > 1, "\(lengths)")
    }

    @Test("are predicted one after the other where one has a deadline or committed actions")
    func alone() async throws {
        let policy = try SmallPolicy.policy(committedSteps: 4).policy
        var observations = observations()
        observations[1].options.deadline = .nanoseconds(1)
        let hurried = try await policy.act(on: observations)
        #expect(hurried.map { $0.codebooks?.count } == [3, 1, 3, 3, 3])
        observations[1].options.deadline = nil
        observations[2].options.committedActions = ActionChunk(
            horizon: 2,
            dimension: 4,
            values: [Float](repeating: 0.2, count: 8)
        )
        try await check(policy, observations)
    }

    @Test("share a forward unless the policy or one of them has a deadline or takes several samples")
    func admission() async throws {
        let observation = observations()[0]
        #expect(try SmallPolicy.policy().policy.canBatch(observation))
        var hurried = observation
        hurried.options.deadline = .seconds(1)
        #expect(try !SmallPolicy.policy().policy.canBatch(hurried))
        var (deadline, samples) = (DecodingSettings(), DecodingSettings())
        (deadline.deadline, samples.sampleCount) = (.seconds(60), 2)
        for decoding in [deadline, samples] {
            #expect(try !SmallPolicy.policy(decoding).policy.canBatch(observation))
            let predictions = try await SmallPolicy.policy(decoding).policy.act(on: observations())
            #expect(predictions.count == 5)
        }
        // Those of one forward have its times.
        let together = try await SmallPolicy.policy().policy.act(on: observations())
        #expect(Set(together.compactMap(\.timing?.prefix)).count == 1)
    }

    @Test("get from flow matching what each gets alone")
    func flow() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        try SmallPolicy.saveFlow(to: folder)
        let policy = try await PolicyFolder.load(from: folder, device: .cpu)
        try await check(policy, observations(seeded: true))
    }
}
