import NN
import Testing
import Torch

@Suite("Optimization")
struct OptimizationTests {
    @Test("AdamW takes the steps of its definition")
    func adamW() {
        var settings = AdamW.Configuration()
        settings.learningRate = 0.1
        let weight = Tensor([1 as Float, -2], shape: [1, 2]).requiringGradient()
        let optimizer = AdamW([NamedTensor(name: "w", tensor: weight)], configuration: settings)
        var (value, mean, square) = ([1.0, -2.0], [0.0, 0.0], [0.0, 0.0])
        for step in 1 ... 3 {
            optimizer.forgetGradients()
            (weight * weight).sum().backward()
            optimizer.step(factor: 0.5)
            for index in 0 ..< 2 {
                let gradient = 2 * value[index]
                mean[index] = 0.9 * mean[index] + 0.1 * gradient
                square[index] = 0.95 * square[index] + 0.05 * gradient * gradient
                let correctedMean = mean[index] / (1 - power(0.9, step))
                let correctedSquare = square[index] / (1 - power(0.95, step))
                value[index] -= 0.05 * 0.1 * value[index]
                value[index] -= 0.05 * correctedMean / (correctedSquare.squareRoot() + 1e-8)
            }
        }
        for (found, expected) in zip(weight.values(as: Double.self), value) {
            #expect(abs(found - expected) < 1e-5)
        }
    }

    private func power(_ base: Double, _ exponent: Int) -> Double {
        (0 ..< exponent).reduce(1) { value, _ in value * base }
    }

    @Test("vectors do not decay")
    func decay() {
        let bias = Tensor([5 as Float]).requiringGradient()
        let optimizer = AdamW([NamedTensor(name: "b", tensor: bias)], configuration: .init())
        bias.setGradient(.zeros([1]))
        optimizer.step(factor: 1)
        #expect(bias.floats == [5])
    }

    @Test("averages of weights forget faster at the beginning, and give the weights back")
    func average() throws {
        let weight = Tensor([0 as Float])
        let average = WeightAverage([NamedTensor(name: "w", tensor: weight)], decay: 0.5)
        var expected = 0.0
        for step in 0 ..< 20 {
            weight.fillInPlace(Double(step))
            average.update(step: step)
            let kept = min(0.5, Double(1 + step) / Double(10 + step))
            expected = kept * expected + (1 - kept) * Double(step)
        }
        try average.whileApplied { #expect(abs(weight.item - expected) < 1e-5) }
        #expect(weight.floats == [19])
        try average.apply()
        #expect(abs(weight.item - expected) < 1e-5)
        #expect(average.state.map(\.own.name) == ["average.w"])
    }

    @Test("clipping shortens long gradients only")
    func clipping() {
        let x = Tensor([3 as Float, 4]).requiringGradient()
        let named = [NamedTensor(name: "x", tensor: x)]
        x.setGradient(Tensor([3 as Float, 4]))
        #expect(abs(GradientClipping.clip(named, limit: 10).item - 5) < 1e-5)
        #expect(x.gradient?.floats == [3, 4])
        GradientClipping.clip(named, limit: 1)
        #expect(abs((x.gradient?.norm().item ?? 0) - 1) < 1e-4)
    }

    @Test("the schedule rises, peaks and falls to its floor")
    func schedule() {
        let schedule = CosineSchedule(warmUpSteps: 10, totalSteps: 110, floor: 0.1)
        #expect(schedule.factor(at: 0) == 0.1)
        #expect(schedule.factor(at: 10) == 1)
        #expect(abs(schedule.factor(at: 60) - 0.55) < 1e-9)
        #expect(abs(schedule.factor(at: 110) - 0.1) < 1e-9)
    }

    @Test(
        "shards of an optimizer move the parameters as a whole one does, with a part of its state",
        arguments: [2, 3]
    )
    func shards(size: Int) {
        // One tensor that the ranks share evenly, and ones that they cannot.
        let shapes = [[60, 40], [47, 55], [1], [50]]
        func parameters() -> [NamedTensor] {
            Torch.seed(3)
            return shapes.enumerated().map {
                NamedTensor(name: "\($0)", tensor: Tensor.randn($1).requiringGradient())
            }
        }
        let whole = parameters()
        let ranks = (0 ..< size).map { _ in parameters() }
        let optimizer = AdamW(whole, configuration: .init())
        let shards = (0 ..< size).map { TensorShard(rank: $0, size: size) }
        let parts = zip(ranks, shards).map { AdamW($0, configuration: .init(), shard: $1) }
        for step in 0 ..< 3 {
            for parameters in [whole] + ranks {
                for (index, named) in parameters.enumerated() where index != step {
                    Torch.seed(UInt64(10 * step + index))
                    named.tensor.setGradient(.randn(named.tensor.shape))
                }
            }
            for optimizer in [optimizer] + parts {
                optimizer.step(factor: 100)
                optimizer.forgetGradients()
            }
        }
        for (index, named) in whole.enumerated() {
            for (rank, shard) in zip(ranks, shards) {
                let (expected, found) = (shard.slice(of: named.tensor), shard.slice(of: rank[index].tensor))
                guard expected.count > 0 else { continue }
                #expect((expected - found).abs().max().item == 0)
            }
        }
        let moments = shapes.reduce(0) { $0 + 2 * $1.reduce(1, *) }
        let kept = parts.map { optimizer in
            optimizer.state.filter { !$0.name.hasPrefix("step.") }.reduce(0) { $0 + $1.tensor.count }
        }
        #expect(kept.reduce(0, +) == moments)
        #expect(kept.allSatisfy { $0 <= moments / size + 2 * 16 * shapes.count })
    }
}
