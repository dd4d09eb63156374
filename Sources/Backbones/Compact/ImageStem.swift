package import NN
internal import Torch

/// Features of every cell of 4 x 4 pixels of an image, which ``PatchMerging`` and ``Keypoints`` read.
package enum ImageStem: Module {
    /// A linear map of each cell's own pixels: on a CPU, convolutions take as long as the transformer.
    case patches(Linear)

    /// Convolutions, so that features are the same wherever in the image an object lies: for keypoints.
    case convolutions([Conv2d])

    /// Pixels from one cell to the next.
    package static let stride = 4

    /// Creates a stem for maps of `channels` channels.
    init(channels: Int, convolves: Bool, device: Device) {
        guard convolves else {
            self = .patches(Linear(Self.stride * Self.stride * 3, channels, device: device))
            return
        }
        // GELU halves the mean square.
        let gain = 2.0.squareRoot()
        self = .convolutions([
            Conv2d(3, 32, kernel: 5, stride: 2, padding: 2, gain: gain, device: device),
            Conv2d(32, 64, kernel: 3, stride: 2, padding: 1, gain: gain, device: device),
            Conv2d(64, channels, kernel: 3, padding: 1, device: device),
        ])
    }

    /// The feature map of `images`, uint8 `[B, height, width, 3]`.
    func callAsFunction(_ images: Tensor) -> FeatureMap {
        let side = Self.stride
        let (rows, columns) = (images.size(1) / side, images.size(2) / side)
        let cells: Tensor
        switch self {
        case .patches(let layer):
            let patches = images.reshaped(-1, rows, side, columns, side, 3).permuted(0, 1, 3, 2, 4, 5)
            cells = layer(Self.centred(patches.reshaped(-1, rows * columns, side * side * 3)))
        case .convolutions(let layers):
            var x = Self.centred(images.permuted(0, 3, 1, 2))
            for (index, layer) in layers.enumerated() { x = layer(index == 0 ? x : x.gelu()) }
            cells = x.permuted(0, 2, 3, 1).reshaped(images.size(0), rows * columns, -1)
        }
        return FeatureMap(cells: cells, rows: rows, columns: columns)
    }

    /// Bytes as numbers from -1 to 1.
    private static func centred(_ bytes: Tensor) -> Tensor { bytes.to(.float32) * (2.0 / 255) - 1.0 }
}

/// Features in rows and columns.
struct FeatureMap {
    /// Row by row, `[B, rows · columns, channels]`.
    let cells: Tensor

    /// Number of rows.
    let rows: Int

    /// Number of columns.
    let columns: Int
}
