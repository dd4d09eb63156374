import NN
import Torch

/// Products of a few rows with weights of 8 and 4 bits, beside libtorch's.
struct QuantizedProducts {
    /// A feed-forward layer of PaliGemma.
    private static let (inputs, outputs) = (2048, 16_384)
    /// Layers that calls go through in turn, so that weights come from memory as in a network.
    private static let copies = 4
    /// Rows of a token, of blocks, and of a prefix.
    private static let rowCounts = [1, 5, 8, 16, 32, 300]

    private let effort: Effort

    init(_ effort: Effort) { self.effort = effort }

    func comparisons() throws -> [Comparison] {
        let peer = try Peer(
            "quantized.py",
            in: .peers,
            threads: effort.threads,
            [Self.inputs, Self.outputs, Self.copies, effort.threads].map(String.init)
        )
        let layers = (0 ..< Self.copies).map(Layers.init)
        return try Self.rowCounts.map { try comparison(rows: $0, layers, peer) }
    }

    /// One layer in every form.
    private struct Layers {
        let bfloat16: Tensor
        let int8: QuantizedWeight
        let int4: QuantizedWeight
        /// As many bytes as the 8-bit weights are.
        let numbers: Tensor
        let torchInt8: (wholes: Tensor, scales: Tensor)
        let torchInt4: (wholes: Tensor, scalesAndZeros: Tensor)

        init(seed: Int) {
            Torch.seed(UInt64(seed))
            let weight = Tensor.randn([outputs, inputs]) * 0.02
            bfloat16 = weight.to(.bfloat16)
            int8 = QuantizedWeight(quantizing: weight, as: .int8)
            int4 = QuantizedWeight(quantizing: weight, as: .int4)
            numbers = .ones([outputs * inputs / 4])
            let scales = weight.abs().max(1, keepingAxes: true) / 127
            torchInt8 = ((weight / scales).rounded().to(.int8), scales.reshaped(-1).to(.bfloat16))
            let groups = weight.reshaped(outputs, inputs / 64, 64)
            let steps = groups.abs().max(2, keepingAxes: true) / 7
            let wholes = ((groups / steps).rounded() + 8).reshaped(outputs, inputs).to(.int32)
            let columns = steps.reshaped(outputs, -1).transposed(0, 1)
            torchInt4 = (
                Operators.packInt4(.tensor(wholes), 1),
                Tensor.stacked([columns, columns.zerosLike()], axis: 2).to(.bfloat16)
            )
        }
    }

    private enum Operators {
        static let int8 = Operator("aten::_weight_int8pack_mm")
        static let int4 = Operator("aten::_weight_int4pack_mm_for_cpu")
        static let packInt4 = Operator("aten::_convert_weight_to_int4pack_for_cpu")
    }

    private func comparison(rows: Int, _ layers: [Layers], _ peer: Peer) throws -> Comparison {
        let x = Tensor.randn([rows, Self.inputs]).to(.bfloat16)
        func contestant(_ name: String, _ body: @escaping (Layers) -> Tensor) -> Contestant {
            var next = 0
            return Contestant(name, least: effort.seconds) {
                withoutGradients { _ = body(layers[next]) }
                next = (next + 1) % layers.count
            }
        }
        let comparison = try Comparison(
            rows == 1 ? "1 row" : "\(rows) rows",
            notes: [
                "A layer of \(Self.inputs) inputs and \(Self.outputs) outputs, activations in bfloat16; calls go through "
                    + "\(Self.copies) layers in turn. Reading: the sum of as many bytes as the 8-bit weights have."
            ],
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                contestant("bfloat16, libtorch") { x.linear(weight: $0.bfloat16, bias: nil) },
                contestant("8 bits, FASTer") { $0.int8(x) },
                contestant("4 bits, FASTer") { $0.int4(x) },
                contestant("8 bits, libtorch's _weight_int8pack_mm") {
                    Operators.int8(.tensor(x), .tensor($0.torchInt8.wholes), .tensor($0.torchInt8.scales))
                },
                contestant("4 bits, libtorch's _weight_int4pack_mm_for_cpu") {
                    let (wholes, scales) = $0.torchInt4
                    return Operators.int4(.tensor(x), .tensor(wholes), 64, .tensor(scales))
                },
                Contestant("8-bit weights and activations, libtorch's dynamic quantization") {
                    try peer.seconds(String(rows), least: effort.seconds)
                },
                contestant("reading the 8-bit weights") { $0.numbers.sum() },
            ]
        )
        let isBlock = (2 ... 8).contains(rows)
        return comparison.ratio(1, to: 0, target: isBlock ? "at most 0.6" : nil)
            .ratio(2, to: 0)
            .ratio(6, to: 1, target: isBlock ? "at least 0.7" : nil)
    }
}
