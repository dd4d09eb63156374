package import NN
internal import Torch

/// All cameras' flattened maps as a few tokens, by a multilayer perceptron that reads the instruction, too.
package struct ImageSummary: Module {
    /// Number of tokens.
    package static let tokenCount = 8

    /// Channels of the hidden layers.
    package static let width = 512

    package let norm: LayerNorm
    package let layers: [Linear]
    package let projection: Linear

    /// Creates a summary of the maps of `configuration`.
    init(_ configuration: CompactBackbone.Configuration, device: Device) {
        let width = configuration.width
        norm = LayerNorm(width, device: device)
        let inputs = configuration.cameras.reduce(width) { sum, camera in
            let cells = configuration.cells(of: camera)
            return sum + cells.rows * cells.columns * FlattenedMap.channels
        }
        // GELU halves the mean square.
        let gain = 2.0.squareRoot()
        layers = [
            Linear(inputs, Self.width, gain: gain, device: device),
            Linear(Self.width, Self.width, gain: gain, device: device),
        ]
        projection = Linear(Self.width, Self.tokenCount * width, gain: gain, device: device)
    }

    /// Features, `[B, 512]`, and tokens, `[B, 8, width]`, of the cameras' flattened maps and an instruction embedding, `[B, width]`.
    func callAsFunction(_ maps: [Tensor], instruction: Tensor) -> (features: Tensor, tokens: Tensor) {
        var x = Tensor.concatenated(maps + [norm(instruction)], axis: 1)
        for layer in layers { x = layer(x).gelu() }
        return (x, projection(x).reshaped(x.size(0), Self.tokenCount, -1))
    }
}
