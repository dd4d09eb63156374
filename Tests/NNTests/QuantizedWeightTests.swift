import Foundation
import TemporaryFolder
import Testing
import Torch

@testable import NN

@Suite("Quantized weights")
struct QuantizedWeightTests {
    /// Sizes of layers around those of panels and groups.
    private static let sizes = [(1, 1), (4, 16), (63, 17), (64, 32), (130, 35), (1000, 50)]

    private func weight(_ outputs: Int, _ inputs: Int) -> Tensor {
        Torch.seed(UInt64(outputs * 7 + inputs))
        return Tensor.randn([outputs, inputs]) * 0.02
    }

    @Test(
        "multiply as the products in double precision say, for every number of rows",
        arguments: WeightQuantization.allCases,
        sizes
    )
    func products(quantization: WeightQuantization, size: (inputs: Int, outputs: Int)) {
        let quantized = QuantizedWeight(quantizing: weight(size.outputs, size.inputs), as: quantization)
        let numbers = quantized.dequantized(to: .float64)
        for rows in 1 ... 40 {
            let x = Tensor.randn([rows, size.inputs]) * Tensor.rand([rows, 1]).power(4)
            let expected = x.to(.float64).matmul(numbers.transposed(0, 1))
            // Numbers are off by half a whole number, of which the row's largest has 32512, and sums by rounding.
            let sums = numbers.abs().sum(1).unsqueezed(0) * x.abs().max(1, keepingAxes: true).to(.float64)
            for inBytes in QuantizedWeight.hasByteProducts ? [true, false] : [false] {
                let bound = sums * ((inBytes ? 0.501 / 32512 : 0) + 1e-6)
                let error = (quantized.product(x, inBytes: inBytes).to(.float64) - expected).abs()
                #expect((error - bound).max(0, 1).item <= 0, "\(rows) rows, in bytes: \(inBytes)")
            }
        }
    }

    @Test("keep the element type and shape of what they multiply", arguments: WeightQuantization.allCases)
    func elementTypes(quantization: WeightQuantization) {
        let layer = withQuantizedWeights(quantization) { Linear(130, 35) }
        let numbers = layer.mergedWeight
        withoutGradients {
            for dtype in [DType.float32, .bfloat16, .float16] {
                let x = Tensor.randn([2, 3, 130]).to(dtype)
                let y = layer(x)
                #expect(y.dtype == dtype && y.shape == [2, 3, 35])
                let expected = x.to(.float32).linear(weight: numbers, bias: layer.bias)
                let error = (y.to(.float32) - expected).abs().max(0, 1, 2).item
                #expect(error < expected.abs().max(0, 1, 2).item * (dtype == .bfloat16 ? 4e-3 : 5e-4))
            }
        }
    }

    @Test("are multiplied on several threads as on one", arguments: WeightQuantization.allCases)
    func threads(quantization: WeightQuantization) {
        let quantized = QuantizedWeight(quantizing: weight(250, 70), as: quantization)
        let x = Tensor.randn([9, 70])
        let one = quantized.product(x, inBytes: QuantizedWeight.hasByteProducts)
        for parts in [2, 3, 100] {
            let several = quantized.product(x, inBytes: QuantizedWeight.hasByteProducts, parts: parts)
            #expect(several.bytes == one.bytes)
        }
    }

    @Test(
        "are off by half a step at most, or for 4 bits by what lowers the whole error",
        arguments: [(WeightQuantization.int8, 0.008), (.int4, 0.1)]
    )
    func rounding(quantization: WeightQuantization, largest: Double) {
        let weight = weight(96, 320)
        let error = QuantizedWeight(quantizing: weight, as: quantization).dequantized(to: .float32) - weight
        #expect(error.norm().item < largest * weight.norm().item)
        if quantization == .int8 {
            let steps = weight.abs().max(1, keepingAxes: true) / 127
            #expect((error.abs() - steps * 0.5001).max(0, 1).item <= 0)
        }
    }

    @Test("hold whole numbers, zeros and single outliers exactly", arguments: WeightQuantization.allCases)
    func exact(quantization: WeightQuantization) {
        let limit = quantization == .int8 ? 128 : 8
        var wholes = Tensor.randint(1 - limit ..< limit, [20, 128]).to(.float32)
        // The extreme of every channel and group.
        let ends = Tensor.full([20, 2, 1], Double(quantization == .int8 ? -127 : -8))
        wholes = Tensor.concatenated(
            [ends, wholes.reshaped(20, 2, 64).narrowed(2, from: 1, count: 63)],
            axis: 2
        )
        let weight = Tensor.concatenated([wholes.reshaped(20, 128) * 0.125, .zeros([3, 128])], axis: 0)
        let restored = QuantizedWeight(quantizing: weight, as: quantization).dequantized(to: .float32)
        #expect((restored - weight).abs().max(0, 1).item == 0)
    }

    @Test("pass on numbers that are not finite, row by row")
    func notFinite() {
        let quantized = QuantizedWeight(quantizing: weight(20, 40), as: .int8)
        for bad in [Float.nan, .infinity] {
            var values = [Float](repeating: 1, count: 80)
            values[3] = bad
            let y = quantized(Tensor(values, shape: [2, 40]))
            #expect(y.select(0, 0).isFinite().to(.float32).sum().item == 0)
            #expect(y.select(0, 1).isFinite().all().item == 1)
        }
        let zeros = quantized(Tensor.zeros([1, 40]))
        #expect(zeros.abs().max(0, 1).item == 0)
    }

    @Test("let gradients through to their inputs, and have none themselves")
    func gradients() throws {
        let layer = withQuantizedWeights(.int4) { Linear(70, 20, bias: false) }
        #expect(layer.parameters.isEmpty)
        let x = Tensor.randn([3, 70]).requiringGradient()
        layer(x).sum().backward()
        let expected = layer.mergedWeight.sum(0).unsqueezed(0)
        #expect((try #require(x.gradient) - expected).abs().max(0, 1).item < 1e-5)
    }

    private struct Network: Module {
        let layer: Linear
        let head: Linear

        init() {
            layer = Linear(70, 20)
            head = withPlainLinearLayers { Linear(20, 5) }
        }
    }

    @Test("are saved and loaded with their scales, without heads", arguments: WeightQuantization.allCases)
    func files(quantization: WeightQuantization) throws {
        let folder = try TemporaryFolder()
        let file = folder.appending(path: "model.safetensors")
        let network = withQuantizedWeights(quantization) { Network() }
        try Checkpoint.save(network.tensors, to: file)
        let shapes = try Checkpoint.shapes(in: file)
        #expect(shapes["layer.weightScale"] == [2, quantization == .int8 ? 1 : 2, 16])
        #expect(shapes["layer.weight"] == (quantization == .int8 ? [2, 18, 16, 4] : [2, 2, 8, 16, 4]))
        #expect(shapes["head.weight"] == [5, 20] && shapes["head.weightScale"] == nil)
        let loaded = withQuantizedWeights(quantization) { withParameters(initialized: false) { Network() } }
        try Checkpoint.load(loaded.tensors, from: file)
        let x = Tensor.randn([4, 70])
        #expect(loaded.layer(x).bytes == network.layer(x).bytes)
        let other = withQuantizedWeights(quantization == .int8 ? .int4 : .int8) { Network() }
        #expect(throws: CheckpointError.self) { try Checkpoint.load(other.tensors, from: file) }
    }
}
