import Testing
import Torch

@Suite("Gradients")
struct AutogradTests {
    /// Compares a gradient with central differences, in double precision.
    private func check(_ shape: [Int], _ function: (Tensor) -> Tensor) {
        Torch.seed(3)
        let x = Tensor.randn(shape, dtype: .float64)
        let leaf = x.clone().requiringGradient()
        function(leaf).backward()
        let found = leaf.gradient?.values(as: Double.self) ?? []
        let start = x.values(as: Double.self)
        let step = 1e-6
        for index in start.indices {
            var (up, down) = (start, start)
            up[index] += step
            down[index] -= step
            let rise = function(Tensor(up, shape: shape)).item - function(Tensor(down, shape: shape)).item
            #expect(abs(found[index] - rise / (2 * step)) < 1e-6)
        }
    }

    @Test("agree with finite differences")
    func finiteDifferences() {
        let weight = Tensor.randn([3, 4], dtype: .float64)
        check([2, 4]) { $0.linear(weight: weight, bias: nil).gelu().squared().sum() }
        check([2, 4]) { ($0.layerNorm(weight: nil, bias: nil, epsilon: 1e-5) * $0.sigmoid()).sum() }
        check([2, 4]) { $0.softmax(1).log().mean() + $0.abs().sum() }
        check([1, 2, 3, 4]) { $0.attention(key: $0 * 0.5, value: $0.tanh()).squared().sum() }
        check([1, 2, 5]) {
            $0.conv1d(weight: Tensor.ones([3, 2, 3], dtype: .float64), bias: nil, padding: 1).squared().sum()
        }
        check([3, 4]) { $0.crossEntropy(Tensor([1, 3, 0]), labelSmoothing: 0.1) }
    }

    @Test("are not recorded where they are not wanted")
    func withoutRecording() {
        let x = Tensor.ones([2]).requiringGradient()
        #expect(!withoutGradients { x * 2 }.requiresGradient)
        #expect((x * 2).requiresGradient)
        #expect(!(x * 2).detached().requiresGradient)
    }

    @Test("accumulate until they are forgotten")
    func accumulation() {
        let x = Tensor.ones([2]).requiringGradient()
        x.sum().backward()
        x.sum().backward()
        #expect(x.gradient?.floats == [2, 2])
        x.setGradient(nil)
        #expect(x.gradient == nil)
    }

    @Test("flow through matrix products in bfloat16")
    func autocast() {
        let x = Tensor.randn([4, 8]).requiringGradient()
        let product = withAutocast(to: .bfloat16, on: .cpu) { x.matmul(Tensor.ones([8, 2])) }
        #expect(product.dtype == .bfloat16)
        product.to(.float32).sum().backward()
        #expect(x.gradient?.dtype == .float32)
    }
}
