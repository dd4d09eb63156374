internal import NN
internal import Torch

/// Differences of a quantized policy's weights from those that it was made of.
public struct QuantizationReport: Encodable, Sendable {
    /// One linear layer.
    public struct Layer: Encodable, Sendable {
        /// Its path in the network.
        public var name: String

        /// Numbers that go in.
        public var inputs: Int

        /// Numbers that come out.
        public var outputs: Int

        /// Root mean square of the weight's changes, relative to that of the weight.
        public var relativeError: Double
    }

    /// Bits of a weight, scales not counted.
    public var bits: Int

    /// Linear layers, in the order of the network.
    public private(set) var layers: [Layer] = []

    /// Root mean square of all changes, relative to that of all weights.
    public private(set) var relativeError = 0.0

    /// Bytes of all parameters before.
    public private(set) var bytesBefore = 0

    /// Bytes of all parameters after, scales included.
    public private(set) var bytesAfter = 0

    private var squares = (change: 0.0, weight: 0.0)

    private enum CodingKeys: String, CodingKey {
        case bits, layers, relativeError, bytesBefore, bytesAfter
    }

    /// A report without layers.
    init(bits: Int) { self.bits = bits }

    /// Adds a layer with the weight that it had, `[out, in]`.
    mutating func add(_ name: String, _ quantized: QuantizedWeight, of weight: Tensor) {
        let (change, norm) = withoutGradients {
            (
                (quantized.dequantized(to: .float32) - weight.to(.float32)).norm().item,
                weight.to(.float32).norm().item
            )
        }
        squares.change += change * change
        squares.weight += norm * norm
        relativeError = squares.weight > 0 ? (squares.change / squares.weight).squareRoot() : 0
        layers.append(
            Layer(
                name: name,
                inputs: quantized.inputs,
                outputs: quantized.outputs,
                relativeError: norm > 0 ? change / norm : 0
            )
        )
        bytesBefore += weight.count * weight.dtype.byteCount
        bytesAfter += quantized.byteCount
    }

    /// Adds a parameter that stays as it is.
    mutating func add(kept tensor: Tensor) {
        let bytes = tensor.count * tensor.dtype.byteCount
        (bytesBefore, bytesAfter) = (bytesBefore + bytes, bytesAfter + bytes)
    }
}
