import Testing
import Torch

@testable import NN

@Suite("Products of a few rows")
struct FewRowsProductTests {
    /// Sizes of layers around those of vectors and tiles.
    private static let sizes = [(1, 1), (31, 3), (32, 4), (33, 9), (130, 35), (2048, 130)]

    @Test("in bfloat16 are those of single precision, rounded, for every number of rows", arguments: sizes)
    func bfloat16(size: (inputs: Int, outputs: Int)) throws {
        try compare(size, .bfloat16) { exact, isShifted in
            // Sum and shift are rounded to eight bits each.
            exact.abs() * 4e-3 + Double(size.inputs).squareRoot() * 5e-3 + (isShifted ? 3e-2 : 0)
        }
    }

    @Test(
        "in single precision are libtorch's, for every number of rows",
        arguments: [(16, 4099), (2047, 35), (2048, 130)]
    )
    func singlePrecision(size: (inputs: Int, outputs: Int)) throws {
        try compare(size, .float32) { exact, _ in exact.abs() * 1e-5 + Double(size.inputs).squareRoot() * 1e-6
        }
    }

    /// Compares products of 1 to 8 rows with libtorch's in single precision; `bound` says how far off they may be.
    private func compare(
        _ size: (inputs: Int, outputs: Int),
        _ dtype: DType,
        _ bound: (_ exact: Tensor, _ isShifted: Bool) -> Tensor
    ) throws {
        Torch.seed(UInt64(size.inputs))
        let weight = Tensor.randn([size.outputs, size.inputs]).to(dtype)
        let bias = Tensor.randn([size.outputs]).to(dtype)
        for rows in 1 ... 8 {
            let x = Tensor.randn([1, rows, size.inputs]).to(dtype)
            for shift in [nil, bias] {
                let found = withoutGradients { FewRowsProduct.of(x, weight: weight, bias: shift) }
                guard FewRowsProduct.isSupported else {
                    #expect(found == nil)
                    continue
                }
                let y = try #require(found)
                #expect(y.shape == [1, rows, size.outputs] && y.dtype == dtype)
                let exact = x.to(.float32).linear(weight: weight.to(.float32), bias: shift?.to(.float32))
                let excess = (y.to(.float32) - exact).abs() - bound(exact, shift != nil)
                #expect(excess.max().item < 0, "\(rows) rows")
            }
        }
    }

    @Test("on several threads are those on one", arguments: [DType.bfloat16, .float32])
    func threads(dtype: DType) throws {
        let former = Torch.threadCount
        defer { Torch.threadCount = former }
        Torch.seed(2)
        let (x, weight) = (Tensor.randn([5, 512]).to(dtype), Tensor.randn([700, 512]).to(dtype))
        let found = [1, 2, 5].map { count in
            Torch.threadCount = count
            return withoutGradients { FewRowsProduct.of(x, weight: weight, bias: nil)?.floats }
        }
        #expect(found[0] == found[1] && found[0] == found[2])
    }

    @Test("leave many rows, other element types and gradients to libtorch")
    func others() {
        let weight = Tensor.randn([4, 8]).to(.bfloat16)
        func product(_ x: Tensor, _ weight: Tensor) -> Tensor? {
            FewRowsProduct.of(x, weight: weight, bias: nil)
        }
        #expect(product(.ones([9, 8]).to(.bfloat16), weight) == nil)
        #expect(product(.ones([2, 8]), weight) == nil)
        #expect(product(.ones([2, 8]), weight.to(.float32)) == nil)
        #expect(product(Tensor.ones([2, 8]).to(.float64), weight.to(.float64)) == nil)
        #expect(product(Tensor.ones([2, 8]).to(.bfloat16).requiringGradient(), weight) == nil)
        let layer = withParameters(of: .bfloat16) { Linear(8, 4) }
        let y = layer(Tensor.ones([2, 8]).to(.bfloat16))
        y.sum().backward()
        #expect(layer.weight.gradient != nil)
    }
}
