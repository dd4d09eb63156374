import Backbones
import Torch

/// The prefix of a policy that sees through a pretrained image encoder, beside that of one which embeds patches of pixels.
struct ImageEncoding {
    private let effort: Effort

    init(_ effort: Effort) { self.effort = effort }

    /// One camera's image of 96 x 96 and an instruction of 16 bytes; random weights take the same time.
    func comparisons() throws -> [Comparison] {
        Torch.seed(1)
        let encoder = ImageEncoder(.init(), device: .cpu)
        let images = Tensor.randint(0 ..< 256, [32, 96, 96, 3]).to(.uint8)
        func encode(_ name: String, _ count: Int, _ dtype: DType?) -> Contestant {
            let some = images.narrowed(0, from: 0, count: count)
            return Contestant(name, items: count, least: effort.seconds) {
                withoutGradients { withAutocast(to: dtype, on: .cpu) { _ = encoder(some) } }
            }
        }
        return [
            try Comparison(
                "Features of an image by EfficientNet-Lite0's first eleven blocks",
                notes: ["96 x 96 enlarged to 192 x 192: 179 million multiplications and additions an image."],
                unit: .milliseconds,
                rounds: effort.rounds,
                [
                    encode("one image", 1, nil),
                    encode("32 images, an image", 32, nil),
                    encode("one image, bfloat16", 1, .bfloat16),
                ]
            ),
            try Comparison(
                "Prefix of one observation",
                notes: [
                    "Compact backbone of the default size with 16 keypoints and 2 x 2 cells or 16 x 16 pixels a token."
                ],
                unit: .milliseconds,
                rounds: effort.rounds,
                [prefix("image encoder", .init(), images), prefix("patches of pixels", nil, images)]
            ).ratio(0, to: 1),
        ]
    }

    private func prefix(
        _ name: String,
        _ encoder: ImageEncoder.Configuration?,
        _ images: Tensor
    ) -> Contestant {
        var configuration = CompactBackbone.Configuration(
            cameras: [.init(height: 96, width: 96, pixelsPerToken: 16, keypoints: 16)],
            stateDimension: 4
        )
        configuration.imageEncoder = encoder
        let backbone = CompactBackbone(configuration, device: .cpu)
        let input = PrefixInput(
            images: [images.narrowed(0, from: 0, count: 1)],
            tokens: Tensor.randint(1 ..< 256, [1, 16]),
            state: Tensor.randint(0 ..< 256, [1, 4])
        )
        return Contestant(name, least: effort.seconds) {
            withoutGradients { _ = backbone.prefix(of: input) }
        }
    }
}
