import NN
import Torch

/// Decoder layers of PaliGemma's shape with weights of 8 and 4 bits, beside those in bfloat16.
struct QuantizedLayers {
    private static let layerCount = 2
    /// Tokens of the prefix that blocks attend to.
    private static let prefixLength = 300

    private let effort: Effort

    init(_ effort: Effort) { self.effort = effort }

    /// Blocks of FASTerVQ's 5 latent positions, larger ones, and the prefix itself.
    func comparisons() throws -> [Comparison] {
        let forms: [(name: String, quantization: WeightQuantization?)] = [
            ("bfloat16", nil), ("8 bits", .int8), ("4 bits", .int4),
        ]
        let stacks = forms.map { form in (form.name, layers(form.quantization)) }
        return try [
            comparison("A block of 5 tokens", tokens: 5, stacks, target: "at most 0.6"),
            comparison("A block of 16 tokens", tokens: 16, stacks),
            comparison("A prefix of \(Self.prefixLength) tokens", tokens: Self.prefixLength, stacks),
        ]
    }

    private func layers(_ quantization: WeightQuantization?) -> [TransformerLayer] {
        let configuration = TransformerLayer.Configuration(
            width: 2048,
            attention: .init(headCount: 8, keyValueHeadCount: 1, headWidth: 256),
            feedForward: .init(hidden: 16_384, activation: .geluTanh, isGated: true, hasBias: false),
            norm: .rms(epsilon: 1e-6)
        )
        return withParameters(of: .bfloat16) {
            withQuantizedWeights(quantization) {
                (0 ..< Self.layerCount).map { _ in
                    TransformerLayer(configuration, layerCount: Self.layerCount, device: .cpu)
                }
            }
        }
    }

    private func comparison(
        _ title: String,
        tokens: Int,
        _ stacks: [(name: String, layers: [TransformerLayer])],
        target: String? = nil
    ) throws -> Comparison {
        let x = Tensor.randn([1, tokens, 2048]).to(.bfloat16)
        let earlier = tokens < Self.prefixLength ? Self.prefixLength : 0
        let cache = Tensor.randn([1, 1, earlier, 256]).to(.bfloat16)
        return try Comparison(
            title,
            notes: [
                "\(Self.layerCount) decoder layers of PaliGemma's shape, 110 million weights each"
                    + (earlier > 0 ? ", after a prefix of \(earlier) tokens" : "")
                    + ", activations in bfloat16."
            ],
            unit: .milliseconds,
            rounds: effort.rounds,
            stacks.map { name, layers in
                Contestant(name, least: effort.seconds) {
                    withoutGradients {
                        _ = layers.reduce(x) { x, layer in
                            layer(x) { key, value in
                                (
                                    Tensor.concatenated([cache, key], axis: 2),
                                    Tensor.concatenated([cache, value], axis: 2)
                                )
                            }
                        }
                    }
                }
            }
        ).ratio(1, to: 0, target: target).ratio(2, to: 0, target: target)
    }
}
