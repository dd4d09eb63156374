package import NN
internal import Torch

/// A whole feature map as one vector, with a weight of its own for every cell: convolutions to a few channels, flattened.
///
/// The instruction says by feature-wise modulation (FiLM, arXiv 1709.07871) what to look for. On the maps of a pretrained
/// ``ImageEncoder`` objects are located several times more precisely from it than from ``Keypoints``.
package struct FlattenedMap: Module {
    /// Channels of the convolutions.
    private static let hiddenChannels = 64

    /// Channels of a cell in the vector.
    package static let channels = 8

    package let reduction: Linear
    package let norm: LayerNorm
    package let modulation: Linear
    package let convolution: Conv2d
    package let projection: Linear
    private let rows: Int
    /// Columns of the map.
    package let columns: Int

    /// Creates convolutions of maps of `rows` x `columns` cells of `channels`, for instruction embeddings of `width` channels.
    init(rows: Int, columns: Int, channels: Int, width: Int, device: Device) {
        (self.rows, self.columns) = (rows, columns)
        let hidden = Self.hiddenChannels
        // GELU halves the mean square.
        let gain = 2.0.squareRoot()
        reduction = Linear(channels, hidden, device: device)
        norm = LayerNorm(width, device: device)
        modulation = Linear(width, 2 * hidden, gain: 0.3, device: device)
        convolution = Conv2d(hidden, hidden, kernel: 3, padding: 1, gain: gain, device: device)
        projection = Linear(hidden, Self.channels, gain: gain, device: device)
    }

    /// The vector of a map, `[B, rows · columns, channels]`, for an instruction embedding, `[B, width]`: `[B, rows · columns · 8]`.
    func callAsFunction(_ map: Tensor, instruction: Tensor) -> Tensor {
        let batch = map.size(0)
        let parts = modulation(norm(instruction)).unsqueezed(1).reshaped(batch, 1, 2, -1)
        let modulated = reduction(map) * (parts.select(2, 0) + 1.0) + parts.select(2, 1)
        let image = modulated.gelu().reshaped(batch, rows, columns, -1).permuted(0, 3, 1, 2)
        let convolved = convolution(image).gelu().permuted(0, 2, 3, 1)
        return projection(convolved).gelu().reshaped(batch, -1)
    }
}
