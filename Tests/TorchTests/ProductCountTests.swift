import Testing
import Torch

@Suite("Counted products")
struct ProductCountTests {
    @Test("are those of linear layers, products, convolutions and attention, in FLOPs and bytes")
    func kinds() {
        let x = Tensor.randn([4, 3])
        let (_, linear) = countingProducts { x.linear(weight: .randn([5, 3]), bias: nil) }
        #expect(linear.flops == 2 * 4 * 3 * 5 && linear.bytes == 4 * (12 + 15 + 20))
        let (_, half) = countingProducts {
            x.to(.bfloat16).linear(weight: Tensor.randn([5, 3]).to(.bfloat16), bias: nil)
        }
        #expect(half.flops == linear.flops && half.bytes == linear.bytes / 2)
        let (_, product) = countingProducts { Tensor.randn([2, 4, 3]).matmul(.randn([2, 3, 6])) }
        #expect(product.flops == 2 * 2 * 4 * 3 * 6)
        let (_, convolution) = countingProducts {
            Tensor.randn([1, 3, 8, 8]).conv2d(weight: .randn([6, 3, 2, 2]), bias: nil, stride: [2, 2])
        }
        #expect(convolution.flops == 2 * 6 * 4 * 4 * 3 * 2 * 2)
        // As a fused kernel, and as plain products for few keys.
        for keys in [40, 8] {
            let (_, attention) = countingProducts {
                Tensor.randn([1, 2, 7, 4]).attention(
                    key: .randn([1, 2, keys, 4]),
                    value: .randn([1, 2, keys, 4])
                )
            }
            #expect(attention.flops == 2 * 2 * 2 * 7 * keys * 4)
        }
    }

    @Test("add up, and leave what runs outside alone")
    func scope() {
        let x = Tensor.randn([2, 2])
        let (_, outer) = countingProducts {
            _ = x.matmul(x)
            let (_, inner) = countingProducts { x.matmul(x) }
            #expect(inner.flops == 16)
        }
        #expect(outer.flops == 16)
        _ = x.matmul(x)
        #expect((outer + outer).flops == 32)
    }
}
