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
    func average() {
        let weight = Tensor([0 as Float])
        let average = WeightAverage([NamedTensor(name: "w", tensor: weight)], decay: 0.5)
        var expected = 0.0
        for step in 0 ..< 20 {
            weight.fillInPlace(Double(step))
            average.update(step: step)
            let kept = min(0.5, Double(1 + step) / Double(10 + step))
            expected = kept * expected + (1 - kept) * Double(step)
        }
        average.whileApplied { #expect(abs(weight.item - expected) < 1e-5) }
        #expect(weight.floats == [19])
        average.apply()
        #expect(abs(weight.item - expected) < 1e-5)
        #expect(average.state.map(\.name) == ["average.w"])
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
}
