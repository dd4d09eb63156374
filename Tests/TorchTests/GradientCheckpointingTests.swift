import Testing

@testable import Torch

@Suite("Gradient checkpointing")
struct GradientCheckpointingTests {
    /// Number of times that a computation ran.
    private final class Runs {
        var count = 0
    }

    private let weight: Tensor
    private let input: Tensor

    init() {
        Torch.seed(5)
        weight = Tensor.rand([4, 4]).requiringGradient()
        input = Tensor.rand([3, 4]).requiringGradient()
    }

    /// The loss of two layers with shared weights, and a second output of the first one.
    private func total(_ runs: Runs, of input: Tensor) -> Tensor {
        let hidden = GradientCheckpointing.run([input], outputCount: 2) { [weight] inputs in
            runs.count += 1
            let product = inputs[0].matmul(weight)
            return [product * product, product.sum(1)]
        }
        let output = GradientCheckpointing.run(hidden, outputCount: 1) { [weight] inputs in
            runs.count += 1
            return [inputs[0].matmul(weight) * inputs[1].unsqueezed(1)]
        }
        return (output[0] + hidden[0]).sum()
    }

    private func gradients(checkpointing: Bool) throws -> (runs: Int, loss: Float, gradients: [[Float]]) {
        let runs = Runs()
        for tensor in [weight, input] { tensor.setGradient(nil) }
        let loss = withGradientCheckpointing(checkpointing) { total(runs, of: input) }
        loss.backward()
        let found = try [weight, input].map { try #require($0.gradient).floats }
        return (runs.count, Float(loss.item), found)
    }

    @Test("gives the gradients of parameters and inputs, by a second run of every part")
    func gradients() throws {
        let plain = try gradients(checkpointing: false)
        let checkpointed = try gradients(checkpointing: true)
        #expect(plain.runs == 2)
        #expect(checkpointed.runs == 4)
        #expect(plain.loss == checkpointed.loss)
        for (plain, checkpointed) in zip(plain.gradients, checkpointed.gradients) {
            for (a, b) in zip(plain, checkpointed) { #expect(abs(a - b) <= 1e-6 * max(1, abs(a))) }
        }
    }

    @Test("gives the gradients of parameters where no input has any")
    func constantInput() throws {
        let fixed = input.detached()
        withGradientCheckpointing(true) { total(Runs(), of: fixed) }.backward()
        let checkpointed = try #require(weight.gradient).floats
        weight.setGradient(nil)
        total(Runs(), of: fixed).backward()
        let plain = try #require(weight.gradient).floats
        for (a, b) in zip(plain, checkpointed) { #expect(abs(a - b) <= 1e-6 * max(1, abs(a))) }
        #expect(fixed.gradient == nil)
    }

    @Test("runs once where nothing is recorded")
    func inference() {
        let runs = Runs()
        let loss = withoutGradients { withGradientCheckpointing(true) { total(runs, of: input) } }
        #expect(runs.count == 2)
        #expect(!loss.requiresGradient)
    }

    @Test("runs again in autocast's precision")
    func autocast() throws {
        let former = Runs()
        let loss = withGradientCheckpointing(true) {
            withAutocast(to: .bfloat16, on: .cpu) {
                GradientCheckpointing.run([input], outputCount: 1) { [weight] inputs in
                    former.count += 1
                    let product = inputs[0].matmul(weight)
                    #expect(product.dtype == .bfloat16)
                    return [product.to(.float32).sum()]
                }[0]
            }
        }
        loss.backward()
        #expect(former.count == 2)
        #expect(weight.gradient != nil)
    }
}
