import NN
import Testing
import Torch

@Suite("Transformer layers")
struct TransformerLayerTests {
    private static func isClose(_ a: Tensor, _ b: Tensor, _ tolerance: Double = 1e-6) -> Bool {
        a.shape == b.shape && (a - b).abs().max().item <= tolerance * b.abs().max().item
    }

    @Test(
        "with heads that share a key give what heads with equal keys of their own give",
        arguments: [4, 40]
    )
    func groupedQueries(length: Int) throws {
        Torch.seed(1)
        let shared = SelfAttention(12, .init(headCount: 6, keyValueHeadCount: 2, headWidth: 4))
        let own = SelfAttention(12, .init(headCount: 6, headWidth: 4))
        withoutGradients {
            let rows = shared.projection.weight.split(sizes: [24, 8, 8], axis: 0)
            let repeated = rows[1...].map {
                $0.reshaped(2, 4, 12).repeatedInterleaved(3, axis: 0).reshaped(24, 12)
            }
            own.projection.weight.copyInPlace(.concatenated([rows[0]] + repeated, axis: 0))
            own.output.weight.copyInPlace(shared.output.weight)
        }
        let x = Tensor.randn([2, length, 12])
        let angles = RotaryPositions(width: 4).angles(for: .arange(0 ..< length))
        let mask = Tensor.rand([2, 1, length, length]).greater(0.3).to(.int64)
            .maximum(Tensor.arange(0 ..< length).equal(0).to(.int64)).greater(0)
        for mask in [nil, mask, mask.narrowed(2, from: 0, count: 1)] {
            #expect(Self.isClose(shared(x, angles: angles, mask: mask), own(x, angles: angles, mask: mask)))
        }
    }

    @Test("scale and bend scores as told, by products as by the kernel")
    func scores() {
        Torch.seed(2)
        let (query, key, value) = (
            Tensor.randn([1, 2, 3, 4]), Tensor.randn([1, 2, 20, 4]), Tensor.randn([1, 2, 20, 4])
        )
        let scores = query.matmul(key.transposed(2, 3)) * 0.7
        #expect(
            Self.isClose(query.attention(key: key, value: value, scale: 0.7), scores.softmax(3).matmul(value))
        )
        let bent = (scores / 1.5).tanh() * 1.5
        #expect(
            Self.isClose(
                query.attention(key: key, value: value, scale: 0.7, softCap: 1.5),
                bent.softmax(3).matmul(value)
            )
        )
    }

    @Test("Gemma's norm multiplies in single precision and casts last, Llama's casts first")
    func normsBelowSinglePrecision() {
        let norms = withParameters(of: .bfloat16) { (RMSNorm(2), RMSNorm(2, addsOne: true)) }
        withoutGradients {
            norms.0.weight.copyInPlace(Tensor([1.0078125 as Float, 1]))
            norms.1.weight.copyInPlace(Tensor([0.0078125 as Float, 0]))
        }
        let inputs = (1 ... 64).map { Float($0) / 8 }
        let x = Tensor(inputs.flatMap { [$0, 1] }, shape: [64, 2]).to(.bfloat16)
        let exact = x.to(.float32).rmsNorm(weight: nil, epsilon: 1e-6)
        let scale = Tensor([1.0078125 as Float, 1])
        let (llama, gemma) = (norms.0(x), norms.1(x))
        #expect(llama.dtype == .bfloat16 && gemma.dtype == .bfloat16)
        #expect(gemma.floats == (exact * scale).to(.bfloat16).floats)
        #expect(llama.floats == (exact.to(.bfloat16) * scale.to(.bfloat16)).floats)
        #expect(llama.floats != gemma.floats)
    }

    @Test("turn channels by the position of their section, which equal positions leave as they are")
    func sections() {
        let rotary = RotaryPositions(width: 8, sections: [1, 1, 2])
        let positions = Tensor([3, 5, 7], shape: [3, 1, 1])
        let found = rotary.angles(for: positions).cosine.floats
        let each = [3, 5, 7].map { RotaryPositions(width: 8).angles(for: Tensor([$0])).cosine.floats }
        #expect(
            found == [
                each[0][0], each[1][1], each[2][2], each[2][3], each[0][0], each[1][1], each[2][2],
                each[2][3],
            ]
        )
        let equal = rotary.angles(for: Tensor([4, 4, 4], shape: [3, 1, 1])).sine.floats
        #expect(equal == rotary.angles(for: Tensor([4])).sine.floats)
    }

    @Test("have undefined parameters of the asked type where they are about to be read")
    func creation() {
        let state = Torch.randomState.floats
        let layer = withParameters(of: .bfloat16, initialized: false) { Linear(64, 64) }
        #expect(Torch.randomState.floats == state)
        #expect(
            layer.weight.dtype == .bfloat16 && layer.weight.requiresGradient
                && layer.bias?.requiresGradient == true
        )
        #expect(Linear(2, 2).weight.dtype == .float32)
    }
}
