import Foundation
import GoldenTensors
import NN
import Testing
import Torch
import VectorQuantization

/// Golden/make_quantizer_golden.py says how the numbers came about.
@Suite("Residual quantizer, against PyTorch")
struct ResidualQuantizerGoldenTests {
    private let golden: GoldenTensors
    private let quantizer: ResidualQuantizer

    init() throws {
        golden = try GoldenTensors("quantizer", in: .module)
        var configuration = ResidualQuantizer.Configuration()
        (configuration.codebookCount, configuration.codebookSize) = (3, 8)
        // No entry counts as dead, because a reset is random.
        (configuration.decay, configuration.deadCodeThreshold) = (0.9, 0)
        quantizer = ResidualQuantizer(configuration, width: 5)
        try golden.fill(quantizer.tensors, from: "first.")
    }

    @Test(
        "a training gives the same codes, commitment, straight-through gradients and moved entries, to 1e-5"
    )
    func training() throws {
        for round in 0 ..< 3 {
            let vectors = try golden.tensor("\(round).vectors").requiringGradient()
            #expect(quantizer.codes(for: vectors).integers == (try golden.tensor("\(round).codes")).integers)
            let (quantized, commitment) = quantizer.train(
                vectors,
                weights: try golden.tensor("\(round).weights")
            )
            let direction = try golden.tensor("\(round).direction")
            let loss = (quantized * direction).sum() + commitment * 0.25
            loss.backward()
            let found = [
                NamedTensor(name: "quantized", tensor: quantized),
                NamedTensor(name: "commitment", tensor: commitment),
                NamedTensor(name: "loss", tensor: loss),
                NamedTensor(name: "gradient", tensor: try #require(vectors.gradient)),
            ]
            #expect(try golden.differences(of: found + quantizer.tensors, to: "\(round).") == [])
        }
    }
}
