import Testing
import Torch

@testable import NN

@Suite("Low-rank adapters")
struct LowRankAdapterTests {
    private func layer(_ dtype: DType = .float32) -> Linear {
        Torch.seed(2)
        var settings = LowRankAdapter.Configuration()
        (settings.rank, settings.alpha) = (2, 6)
        return withAdapters(settings) { withParameters(of: dtype) { Linear(5, 3) } }
    }

    @Test("change nothing at first, and the weight by their product at their scale")
    func product() throws {
        let layer = layer()
        let adapter = try #require(layer.adapter)
        let x = Tensor.randn([4, 5])
        withoutGradients {
            let plain = x.linear(weight: layer.weight, bias: layer.bias)
            #expect((layer(x) - plain).abs().max().item == 0)
            adapter.up.copyInPlace(.randn([3, 2]))
            let change = adapter.up.matmul(adapter.down) * 3
            let expected = x.linear(weight: layer.weight + change, bias: layer.bias)
            #expect((layer(x) - expected).abs().max().item < 1e-5)
            #expect((layer.mergedWeight - layer.weight - change).abs().max().item < 1e-6)
        }
    }

    @Test("are all that is trained of a frozen layer, in single precision on a weight of bfloat16")
    func frozen() {
        let layer = layer(.bfloat16)
        layer.freezeAllButAdapters()
        #expect(layer.parameters.map(\.name) == ["adapter.down", "adapter.up"])
        #expect(layer.parameters.allSatisfy { $0.tensor.dtype == .float32 && $0.isOfAdapter })
        let y = layer(Tensor.randn([2, 5]).to(.bfloat16))
        #expect(y.dtype == .bfloat16)
        y.to(.float32).sum().backward()
        #expect(layer.weight.gradient == nil && layer.adapter?.up.gradient != nil)
    }

    @Test("belong to the layers made inside alone")
    func scope() {
        var settings = LowRankAdapter.Configuration()
        settings.rank = 1
        let (inside, outside) = withAdapters(settings) { (Linear(2, 2), withAdapters(nil) { Linear(2, 2) }) }
        #expect(inside.adapter != nil && outside.adapter == nil && Linear(2, 2).adapter == nil)
    }
}
