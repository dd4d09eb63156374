public import NN
public import Torch

// Axes in this file
//   N  patches of all images      C  cells of patches that become tokens

/// Qwen2.5-VL's vision transformer, for images of any size (arXiv 2502.13923, section 2.1.1): most layers see windows, some
/// the whole image; positions are rotary, by row and column; squares of patches become one token.
public struct Qwen25VisionEncoder: Module {
    private let configuration: Configuration
    private let patches: FramePatchEmbedding
    private let layers: [TransformerLayer]
    private let merger: PatchMerger

    /// Creates an encoder with random weights.
    public init(_ configuration: Configuration, device: Device) {
        self.configuration = configuration
        patches = FramePatchEmbedding(configuration, device: device)
        layers = (0 ..< configuration.layerCount).map { _ in
            TransformerLayer(configuration.layer, layerCount: configuration.layerCount, device: device)
        }
        merger = PatchMerger(configuration, device: device)
    }

    /// The order of windows.
    func order(of grids: [ImageGrid]) -> WindowOrder {
        WindowOrder(
            grids,
            mergeSize: configuration.mergeSize,
            windowCells: configuration.windowCells
        )
    }

    /// Features of patches in the order of windows, `[N, width]`.
    ///
    /// - Parameters:
    ///   - pixels: Normalized patches, `[N, channels · frames · height · width]`, the patches of a cell beside each other.
    ///   - order: The order of windows.
    /// - Returns: Features.
    func features(of pixels: Tensor, _ order: WindowOrder) -> Tensor {
        precondition(
            pixels.size(0) == order.rows.count,
            "\(pixels.size(0)) patches, in grids of \(order.rows.count)"
        )
        let (width, device) = (configuration.width, pixels.device)
        let cells = patches(pixels).reshaped(-1, configuration.cellSize * width)
        var x = cells.gathering(Tensor(order.cells, device: device), axis: 0).reshaped(-1, width)
        let positions = Tensor(
            order.rows + order.columns,
            shape: [2, order.rows.count],
            device: device
        )
        let (windows, images) = (
            batches(order.windowLengths, positions), batches(order.imageLengths, positions)
        )
        for (index, layer) in layers.enumerated() {
            let sequences = configuration.fullAttentionLayers.contains(index) ? images : windows
            let outputs = sequences.map { batch in
                layer.checkpointed(batch.sequences(of: x), angles: batch.angles).output.reshaped(-1, width)
            }
            x = outputs.count == 1 ? outputs[0] : .concatenated(outputs, axis: 0)
        }
        return x
    }

    /// Tokens of features in the order of windows, with the cells in their earlier order again, `[C, channels]`.
    func tokens(of features: Tensor, _ order: WindowOrder) -> Tensor {
        merger(features).gathering(Tensor(order.inverse, device: features.device), axis: 0)
    }

    /// Equally long sequences beside each other, which do not see each other.
    private struct Batch {
        let first: Int
        let count: Int
        let length: Int
        let angles: RotaryAngles

        /// Those among all patches `x`, `[N, width]`: `[count, length, width]`.
        func sequences(of x: Tensor) -> Tensor {
            x.narrowed(0, from: first, count: count * length).reshaped(count, length, -1)
        }
    }

    /// Sequences of the given lengths as batches, with angles by `positions`, rows and columns, `[2, N]`.
    private func batches(_ lengths: [Int], _ positions: Tensor) -> [Batch] {
        let frequencies = RotaryPositions(width: configuration.headWidth / 2, base: configuration.rotaryBase)
            .frequencies
        // Half of a head turns by the row, half by the column.
        let rotary = RotaryPositions(
            width: configuration.headWidth,
            frequencies: frequencies + frequencies,
            sections: [frequencies.count, frequencies.count]
        )
        var first = 0
        return lengths.split(intoRunsWhere: ==).map { run in
            let (count, length) = (run.count, run[run.startIndex])
            var angles = rotary.angles(
                for: positions.narrowed(1, from: first, count: count * length).reshaped(2, count, length)
            )
            angles.isSinglePrecision = true
            defer { first += count * length }
            return Batch(first: first, count: count, length: length, angles: angles)
        }
    }
}

/// A linear map of patches of several frames, published as a convolution whose kernel is as large as its stride.
struct FramePatchEmbedding: Module {
    /// `[width, channels, frames, height, width]`.
    @Parameter var weight: Tensor

    init(_ configuration: Qwen25VisionEncoder.Configuration, device: Device) {
        let size = configuration.patchSize
        let map = withPlainLinearLayers {
            Linear(configuration.patchLength, configuration.width, bias: false, device: device)
        }
        _weight = Parameter(
            wrappedValue: map.weight.detached()
                .reshaped(
                    configuration.width,
                    configuration.channelCount,
                    configuration.frameCount,
                    size,
                    size
                )
        )
    }

    /// Flattened patches, `[N, channels · frames · height · width]`, embedded: `[N, width]`.
    func callAsFunction(_ patches: Tensor) -> Tensor {
        patches.to(weight.dtype).linear(weight: weight.reshaped(weight.size(0), -1), bias: nil)
    }
}

/// Cells of patches, normalized, side by side through two layers: `[N, width]` to `[C, channels]`.
struct PatchMerger: Module {
    let norm: RMSNorm
    let hidden: Linear
    let output: Linear

    init(_ configuration: Qwen25VisionEncoder.Configuration, device: Device) {
        let width = configuration.cellSize * configuration.width
        norm = RMSNorm(configuration.width, epsilon: 1e-6, device: device)
        hidden = Linear(width, width, device: device)
        output = Linear(width, configuration.outputWidth, device: device)
    }

    func callAsFunction(_ patches: Tensor) -> Tensor {
        let cells = norm(patches).reshaped(-1, hidden.inputs)
        return output(hidden(cells).gelu())
    }
}

extension Array {
    /// Slices of neighbours that are all alike.
    fileprivate func split(intoRunsWhere areAlike: (Element, Element) -> Bool) -> [ArraySlice<Element>] {
        var runs: [ArraySlice<Element>] = []
        for (index, element) in enumerated() {
            if let last = runs.last, let first = last.first, areAlike(first, element) {
                runs[runs.count - 1] = self[last.startIndex ... index]
            } else {
                runs.append(self[index ... index])
            }
        }
        return runs
    }
}
