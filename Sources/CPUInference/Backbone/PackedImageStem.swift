internal import Backbones
internal import NN

/// `ImageStem` for one image.
enum PackedImageStem: Sendable {
    case patches(PackedLinear)
    case convolutions([PackedConvolution])

    /// Packs the present weights of `stem`.
    init(_ stem: ImageStem) {
        switch stem {
        case .patches(let layer): self = .patches(PackedLinear(layer))
        case .convolutions(let layers): self = .convolutions(layers.map(PackedConvolution.init))
        }
    }

    /// Bytes as numbers from -1 to 1.
    private static let centred = (0 ..< 256).map { Float($0) * Float(2.0 / 255) - 1 }

    /// Features of every cell of an image, `[height, width, 3]`, row by row.
    func callAsFunction(_ image: [UInt8], height: Int, width: Int) -> Rows {
        switch self {
        case .patches(let layer): layer(Self.cells(of: image, height: height, width: width))
        case .convolutions(let layers): Self.cells(of: image, height: height, width: width, layers)
        }
    }

    /// Pixels of every cell.
    private static func cells(of image: [UInt8], height: Int, width: Int) -> Rows {
        let side = ImageStem.stride
        var cells = Rows(count: height / side * (width / side), width: side * side * 3)
        for row in 0 ..< height {
            for column in 0 ..< width / side {
                let cell = row / side * (width / side) + column
                let target = cell * cells.width + row % side * side * 3
                let source = (row * width + column * side) * 3
                for index in 0 ..< side * 3 {
                    cells.values[target + index] = centred[Int(image[source + index])]
                }
            }
        }
        return cells
    }

    private static func cells(
        of image: [UInt8],
        height: Int,
        width: Int,
        _ layers: [PackedConvolution]
    ) -> Rows {
        var map = PackedMap(rows: height, columns: width, channels: 3, border: layers[0].kernel / 2)
        for row in 0 ..< height {
            let start = map.start(ofRow: row)
            for index in 0 ..< width * 3 {
                map.values[start + index] = centred[Int(image[row * width * 3 + index])]
            }
        }
        for (index, layer) in layers.enumerated() {
            map = layer(map, nextKernel: index + 1 < layers.count ? layers[index + 1].kernel : nil)
        }
        return Rows(map.values, width: map.channels)
    }
}
