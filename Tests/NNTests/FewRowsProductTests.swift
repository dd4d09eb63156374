import Testing
import Torch

@testable import NN

@Suite("Products of a few rows in bfloat16")
struct FewRowsProductTests {
    /// Sizes of layers around those of vectors and tiles.
    private static let sizes = [(1, 1), (31, 3), (32, 4), (33, 9), (130, 35), (2048, 130)]

    @Test("are those of single precision, rounded, for every number of rows", arguments: sizes)
    func products(size: (inputs: Int, outputs: Int)) throws {
        Torch.seed(UInt64(size.inputs))
        let weight = Tensor.randn([size.outputs, size.inputs]).to(.bfloat16)
        let bias = Tensor.randn([size.outputs]).to(.bfloat16)
        for rows in 1 ... 8 {
            let x = Tensor.randn([1, rows, size.inputs]).to(.bfloat16)
            for shift in [nil, bias] {
                let found = withoutGradients { FewRowsProduct.of(x, weight: weight, bias: shift) }
                guard FewRowsProduct.isSupported else {
                    #expect(found == nil)
                    continue
                }
                let y = try #require(found)
                #expect(y.shape == [1, rows, size.outputs] && y.dtype == .bfloat16)
                let exact = x.to(.float32).linear(weight: weight.to(.float32), bias: shift?.to(.float32))
                // Sum and shift are rounded to eight bits each.
                let error = (y.to(.float32) - exact).abs() - exact.abs() * 4e-3
                let bound = Double(size.inputs).squareRoot() * 5e-3 + (shift == nil ? 0 : 3e-2)
                #expect(error.max().item < bound, "\(rows) rows")
            }
        }
    }

    @Test("on several threads are those on one")
    func threads() throws {
        let former = Torch.threadCount
        defer { Torch.threadCount = former }
        Torch.seed(2)
        let (x, weight) = (Tensor.randn([5, 512]).to(.bfloat16), Tensor.randn([700, 512]).to(.bfloat16))
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
        #expect(product(.ones([2, 8]), weight.to(.float32)) == nil)
        #expect(product(Tensor.ones([2, 8]).to(.bfloat16).requiringGradient(), weight) == nil)
        let layer = withParameters(of: .bfloat16) { Linear(8, 4) }
        let y = layer(Tensor.ones([2, 8]).to(.bfloat16))
        y.sum().backward()
        #expect(layer.weight.gradient != nil)
    }
}
