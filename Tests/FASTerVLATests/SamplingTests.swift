import Foundation
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

    @Test("draws among the best entries in proportion to their exponentials")
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
        let (probabilities, entries) = sampling.probabilities(from: logits)
        let kept = zip(probabilities.floats, entries.integers).filter { $0.0 > 0 }.map(\.1).sorted()
        #expect(kept == expected)
        Torch.seed(3)
        let drawn = sampling.codes(from: logits.expanded([4000, 5])).integers
        #expect(Set(drawn).sorted() == expected)
    }

    @Test("takes the nucleus of every row by itself, among the best of the row")
    func rows() {
        var sampling = Sampling()
        (sampling.topK, sampling.topP, sampling.temperature) = (2, 0.6, 1)
        let logits = Tensor([0 as Float, 0.1, 9, 0, 9, 9.1], shape: [2, 3])
        let (probabilities, entries) = sampling.probabilities(from: logits)
        #expect(entries.integers == [2, 1, 2, 1])
        #expect(probabilities.floats.map { $0 > 0 } == [true, false, true, true])
    }

    @Test("reads a policy's choice that says nothing of nucleus and draws: all are admitted, one is drawn")
    func shortForm() throws {
        let sampling = try JSONDecoder().decode(
            Sampling.self,
            from: Data(#"{"topK": 7, "temperature": 0.5}"#.utf8)
        )
        #expect(sampling.topK == 7 && sampling.temperature == 0.5)
        #expect(sampling.topP == 1 && sampling.draws == 1)
        #expect(try JSONDecoder().decode(Sampling.self, from: JSONEncoder().encode(sampling)) == sampling)
    }

    @Test("knows numbers that make no sense")
    func problems() {
        #expect(Sampling().problem == nil && Sampling.greedy.problem == nil)
        var sampling = Sampling()
        sampling.topP = 0
        #expect(sampling.problem == "'topP' should be above 0 and at most 1, found 0.0")
        sampling = Sampling()
        sampling.topK = -1
        #expect(sampling.problem == "'topK' should be at least 0, found -1")
        sampling = Sampling()
        sampling.temperature = .nan
        #expect(sampling.problem == "'temperature' should be at least 0, found nan")
        sampling = Sampling()
        sampling.draws = 0
        #expect(sampling.problem == "'draws' should be 1 ... 1024, found 0")
        sampling = .greedy
        sampling.draws = 8
        #expect(sampling.problem?.hasSuffix("a 'topK' of 1 or a 'temperature' of 0, found 8") == true)
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

    @Test("is a mean of several draws where the policy or the user says so")
    func draws() {
        var settings = DecodingSettings()
        settings.draws = 1
        #expect(settings.sampling(over: .greedy) == .greedy)
        var mean = Sampling()
        mean.draws = 8
        #expect(DecodingSettings().sampling(over: mean) == mean)
        #expect(settings.sampling(over: mean) == Sampling())
        settings.draws = 8
        #expect(settings.sampling(over: .greedy) == mean)
        settings.draws = nil
        settings.temperature = 0
        let greedy = settings.sampling(over: mean)
        #expect(greedy.isGreedy && greedy.draws == 1 && greedy.problem == nil)
    }
}
