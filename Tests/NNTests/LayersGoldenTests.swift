import Foundation
import GoldenTensors
import NN
import Testing
import Torch

/// Golden/make_layers_golden.py says how the numbers came about.
@Suite("Layers give torch.nn's outputs, losses and gradients of input and every parameter, to 1e-5")
struct LayersGoldenTests {
    private let golden: GoldenTensors

    init() throws { golden = try GoldenTensors("layers", in: .module) }

    /// Runs `layer`, with the golden's parameters, on the golden's input.
    private func check<Layer: Module>(
        _ name: String,
        _ layer: Layer,
        sourceLocation: SourceLocation = #_sourceLocation,
        forward: (Layer, Tensor) throws -> Tensor
    ) throws {
        try golden.fill(layer.parameters, from: "\(name).parameters.")
        let input = try golden.tensor("\(name).input")
        let isDifferentiable = input.dtype == .float32
        if isDifferentiable { input.requiringGradient() }
        let output = try forward(layer, input)
        let loss = (output - (try golden.tensor("\(name).target"))).squared().mean()
        loss.backward()
        var differences = [
            try golden.difference(of: output, to: "\(name).output"),
            try golden.difference(of: loss, to: "\(name).loss"),
        ].compactMap { $0 }
        differences += try golden.differences(ofGradients: layer.parameters, to: "\(name).gradients.")
        if isDifferentiable {
            let gradient = try #require(input.gradient, sourceLocation: sourceLocation)
            differences += try [golden.difference(of: gradient, to: "\(name).inputGradient")].compactMap {
                $0
            }
        }
        #expect(differences == [], sourceLocation: sourceLocation)
    }

    @Test("Linear")
    func linear() throws {
        try check("linear", Linear(6, 5)) { $0($1) }
        try check("linear.withoutBias", Linear(6, 5, bias: false)) { $0($1) }
    }

    @Test("LayerNorm and RMSNorm")
    func norms() throws {
        try check("layerNorm", LayerNorm(8)) { $0($1) }
        try check("layerNorm.largeEpsilon", LayerNorm(8, bias: false, epsilon: 1e-2)) { $0($1) }
        try check("rmsNorm", RMSNorm(8)) { $0($1) }
    }

    @Test("Conv1d")
    func conv1d() throws {
        try check("conv1d", Conv1d(3, 6, kernel: 5, padding: 2)) { $0($1) }
        try check("conv1d.grouped", Conv1d(4, 6, kernel: 3, stride: 2, padding: 1, groups: 2)) { $0($1) }
    }

    @Test("Conv2d")
    func conv2d() throws {
        try check("conv2d", Conv2d(3, 4, kernel: 3, padding: 1)) { $0($1) }
        try check("conv2d.grouped", Conv2d(4, 6, kernel: 4, stride: 4, groups: 2)) { $0($1) }
    }

    @Test("Embedding, with an entry used three times and some never")
    func embedding() throws { try check("embedding", Embedding(7, 5)) { $0($1) } }

    @Test("FeedForward")
    func feedForward() throws { try check("feedForward", FeedForward(6, hidden: 24)) { $0($1) } }

    @Test(
        "SelfAttention, by plain products and by the fused kernel",
        arguments: ["attention", "attention.long"]
    )
    func attention(name: String) throws {
        try check(name, SelfAttention(12, headCount: 3)) { $0($1) }
    }

    @Test("SelfAttention with rotary positions, of its own in every row")
    func rotary() throws {
        try check("attention.rotary", SelfAttention(12, headCount: 3)) { layer, input in
            let positions = try golden.tensor("attention.rotary.positions")
            return layer(input, angles: RotaryPositions(width: 4).angles(for: positions))
        }
    }

    @Test("SelfAttention with rotary positions and a mask")
    func masked() throws {
        try check("attention.masked", SelfAttention(12, headCount: 3)) { layer, input in
            let positions = try golden.tensor("attention.masked.positions")
            let angles = RotaryPositions(width: 4).angles(for: positions)
            return layer(input, angles: angles, mask: try golden.tensor("attention.masked.mask"))
        }
    }
}
