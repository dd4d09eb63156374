package import NN
internal import Torch

/// Tokens of the robot's state: one a dimension, from an embedding table of its own.
package struct StateTokens: Module {
    /// Frequencies of the initial embeddings' Fourier features.
    private static let frequencyCount = 6

    package let table: Embedding
    private let binCount: Int

    /// Creates tables in which neighbouring bins begin with similar embeddings.
    ///
    /// With embeddings sampled independently, an example of one bin would teach nothing about the next, and 256 bins a
    /// dimension would have to be learned one by one.
    init(_ configuration: CompactBackbone.Configuration, device: Device) {
        binCount = configuration.stateBins
        let (bins, width) = (configuration.stateBins, configuration.width)
        let dimensions = max(1, configuration.stateDimension)
        table = Embedding(dimensions * bins, width, device: device)
        let centres = FourierFeatures.centres(of: bins, device: .cpu)
        let features = FourierFeatures.components(of: centres, count: Self.frequencyCount).enumerated()
            .flatMap { index, component in
                let amplitude = 0.35 / Double(1 << index).squareRoot()
                return [component.sine * amplitude, component.cosine * amplitude]
            }
        withoutGradients {
            let inputs = Tensor.stacked(features, axis: 1)
            let rows = (0 ..< dimensions).map { _ in inputs.matmul(.randn([features.count, width])) }
            table.weight.copyInPlace(.concatenated(rows, axis: 0))
        }
    }

    /// Embeddings of bins `[B, stateDimension]`: `[B, stateDimension, width]`.
    func callAsFunction(_ bins: Tensor) -> Tensor {
        let offsets = (0 ..< bins.size(1)).map { $0 * binCount }
        return table(bins + Tensor(offsets, device: bins.device))
    }
}
