import Foundation
import GoldenTensors
import NN
import Testing
import Torch

private struct Network: Module {
    let up = Linear(4, 6)
    let norm = LayerNorm(6)
    let down = Linear(6, 3)

    func callAsFunction(_ x: Tensor) -> Tensor { down(norm(up(x))) }
}

/// Golden/make_optimizer_golden.py says how the numbers came about.
@Suite("Optimization, against torch.optim")
struct OptimizationGoldenTests {
    private let golden: GoldenTensors
    private let schedule = CosineSchedule(warmUpSteps: 3, totalSteps: 10, floor: 0.1)

    init() throws { golden = try GoldenTensors("optimizer", in: .module) }

    @Test("the schedule is LinearLR and then CosineAnnealingLR")
    func factors() throws {
        let factors = Tensor((0 ..< 10).map { Float(schedule.factor(at: $0)) })
        #expect(try golden.difference(of: factors, to: "factors") == nil)
    }

    @Test("ten steps with decay, clipping and schedule lead to the same weights and averages, to 1e-5")
    func steps() throws {
        let network = Network()
        let parameters = network.parameters
        try golden.fill(parameters, from: "first.")
        var settings = AdamW.Configuration()
        (settings.learningRate, settings.weightDecay) = (1e-2, 0.1)
        let optimizer = AdamW(parameters, configuration: settings)
        let (inputs, targets) = (try golden.tensor("inputs"), try golden.tensor("targets"))
        var (losses, lengths): ([Float], [Float]) = ([], [])
        for step in 0 ..< 10 {
            let loss = (network(inputs.select(0, step)) - targets.select(0, step)).squared().mean()
            loss.backward()
            losses.append(Float(loss.item))
            lengths.append(Float(GradientClipping.clip(parameters, limit: 1.7).item))
            optimizer.step(factor: schedule.factor(at: step))
            optimizer.forgetGradients()
            #expect(try golden.differences(of: parameters, to: "after.\(step).") == [])
        }
        #expect(try golden.difference(of: Tensor(losses), to: "losses") == nil)
        #expect(try golden.difference(of: Tensor(lengths), to: "lengths") == nil)
        let averages = optimizer.state.filter { !$0.name.hasPrefix("step.") }
        #expect(averages.count == 2 * parameters.count)
        #expect(try golden.differences(of: averages, to: "") == [])
    }
}
