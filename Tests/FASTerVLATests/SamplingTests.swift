import Foundation
import Support
import Testing
import Torch

@testable import FASTerVLA

@Suite("Sampling")
struct SamplingTests {
    @Test("takes the best entry when greedy")
    func greedy() {
        #expect(
            Sampling.greedy.codes(from: Tensor([0 as Float, 3, 1, 5, 2, 4], shape: [2, 3])).integers == [
                1, 0,
            ]
        )
    }

    @Test("samples among the best entries in proportion to their exponentials")
    func proportions() {
        Torch.seed(2)
        var sampling = Sampling()
        sampling.topK = 2
        sampling.temperature = 0.5
        let logits = Tensor([0 as Float, 0.5, 1, -9]).unsqueezed(0).expanded([20_000, 4])
        let counts = sampling.codes(from: logits).bincount(minimumLength: 4).integers
        #expect(counts[0] == 0 && counts[3] == 0)
        #expect(abs(Double(counts[2]) / 20_000 - 0.731) < 0.015)
    }

    @Test(
        "keeps exactly the nucleus: the fewest best entries that reach the probability",
        arguments: [
            (0.05, [3]), (0.49, [3]), (0.51, [1, 3]), (0.79, [1, 3]), (0.81, [1, 3, 4]),
            (0.96, [1, 2, 3, 4]),
            (0.99, [0, 1, 2, 3, 4]), (1, [0, 1, 2, 3, 4]),
        ] as [(Double, [Int])]
    )
    func nucleus(topP: Double, expected: [Int]) {
        var sampling = Sampling()
        (sampling.topK, sampling.topP, sampling.temperature) = (0, topP, 1)
        // The best reach 0.5, 0.8, 0.95, 0.98, 1.
        let logits = Tensor([0.02, 0.3, 0.03, 0.5, 0.15].map { Float(log($0)) }, shape: [1, 5])
        let (probabilities, tokens) = sampling.probabilities(from: logits)
        let kept = zip(probabilities.floats, tokens.integers).filter { $0.0 > 0 }.map(\.1).sorted()
        #expect(kept == expected)
        Torch.seed(3)
        let sampled = sampling.codes(from: logits.expanded([4000, 5])).integers
        #expect(Set(sampled).sorted() == expected)
    }

    @Test("takes the nucleus of every row by itself, among the best of the row")
    func rows() {
        var sampling = Sampling()
        (sampling.topK, sampling.topP, sampling.temperature) = (2, 0.6, 1)
        let logits = Tensor([0 as Float, 0.1, 9, 0, 9, 9.1], shape: [2, 3])
        let (probabilities, tokens) = sampling.probabilities(from: logits)
        #expect(tokens.integers == [2, 1, 2, 1])
        #expect(probabilities.floats.map { $0 > 0 } == [true, false, true, true])
    }

    @Test("knows numbers that make no sense")
    func invalidNumbers() {
        func error(_ change: (inout Sampling) -> Void, of base: Sampling = Sampling()) -> String? {
            var sampling = base
            change(&sampling)
            do {
                try sampling.validate()
                return nil
            } catch {
                return error.description
            }
        }
        #expect(error { _ in } == nil && error({ _ in }, of: .greedy) == nil)
        #expect(error { $0.topP = 0 } == "'topP' should be above 0 and at most 1, found 0.0")
        #expect(error { $0.topK = -1 } == "'topK' should be at least 0, found -1")
        #expect(error { $0.temperature = .nan } == "'temperature' should be a number from 0 on, found nan")
        #expect(error { $0.sampleCount = 0 } == "'sampleCount' should be in 1 ... 1024, found 0")
        #expect(
            error({ $0.sampleCount = 8 }, of: .greedy)
                == "'sampleCount' should be 1 with greedy sampling, a 'topK' of 1 or a 'temperature' of 0, found 8"
        )
    }

    @Test("is replaced number by number, and a greedy policy is not held to its greed")
    func overriding() {
        var settings = DecodingSettings()
        #expect(settings.sampling(over: .greedy) == .greedy)
        settings.topP = 0.9
        var expected = Sampling()
        expected.topP = 0.9
        #expect(settings.sampling(over: .greedy) == expected)
        var own = Sampling()
        own.topK = 7
        settings.temperature = 0
        let sampling = settings.sampling(over: own)
        #expect(sampling.isGreedy && sampling.topK == 7 && sampling.topP == 0.9)
    }

    @Test("is a mean of several samples where the policy or the user says so")
    func sampleMean() {
        var settings = DecodingSettings()
        settings.sampleCount = 1
        #expect(settings.sampling(over: .greedy) == .greedy)
        var mean = Sampling()
        mean.sampleCount = 8
        #expect(DecodingSettings().sampling(over: mean) == mean)
        #expect(settings.sampling(over: mean) == Sampling())
        settings.sampleCount = 8
        #expect(settings.sampling(over: .greedy) == mean)
        settings.sampleCount = nil
        settings.temperature = 0
        let greedy = settings.sampling(over: mean)
        #expect(greedy.isGreedy && greedy.sampleCount == 1 && (try? greedy.validate()) != nil)
    }
}
