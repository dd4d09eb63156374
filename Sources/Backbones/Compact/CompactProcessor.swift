public import Torch

/// Inputs of the compact backbone: images as they are, instructions as bytes, states as bins.
public struct CompactProcessor: InputProcessor {
    /// Size of every camera's image.
    public let imageSizes: [ImageSize]

    /// Number of bins of a state value.
    public let stateBins: Int

    /// The processor of a backbone.
    public init(_ configuration: CompactBackbone.Configuration) {
        imageSizes = configuration.cameras.map { ImageSize(height: $0.height, width: $0.width) }
        stateBins = configuration.stateBins
    }

    /// The instruction's bytes; the state is no part of them.
    public func tokens(instruction: String, state: [Int]) -> [Int] { ByteTokenizer().ids(for: instruction) }

    /// Encodes a batch.
    public func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput {
        let count = observations.count
        var input = observations.input(
            observations.images(imageSizes, on: device),
            padding: ByteTokenizer.padding,
            masked: false,
            on: device
        )
        input.state = Tensor(
            observations.state,
            shape: [count, observations.state.count / count],
            device: device
        )
        return input
    }
}
