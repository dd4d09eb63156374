public import Torch

/// Inputs of the compact backbone: images as they are, instructions as bytes, states as bins.
public struct CompactProcessor: InputProcessor {
    /// Number of bins of a state value.
    public let stateBins: Int

    /// Size of every camera's image.
    public let imageSizes: [ImageSize]

    /// The processor of a backbone.
    public init(_ configuration: CompactBackbone.Configuration) {
        stateBins = configuration.stateBins
        imageSizes = configuration.cameras.map { ImageSize(height: $0.height, width: $0.width) }
    }

    /// Encodes a batch.
    public func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput {
        let count = observations.instructions.count
        let texts = observations.instructions.map { ByteTokenizer().ids(for: $0) }
        return PrefixInput(
            images: zip(observations.images, imageSizes).map {
                Tensor($0, shape: [count, $1.height, $1.width, 3], device: device)
            },
            tokens: texts.padded(with: ByteTokenizer.padding, on: device).tokens,
            state: Tensor(
                observations.state,
                shape: [count, observations.state.count / count],
                device: device
            ),
            hasImage: observations.imageMask(on: device)
        )
    }
}
