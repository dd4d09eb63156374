internal import CKernels

/// An affine map, laid out for a handful of rows.
public struct PackedLinear: Sendable {
    /// Numbers that go in.
    public let inputs: Int

    /// Numbers that come out.
    public let outputs: Int

    /// The weight's transpose in panels of 16 columns.
    private let panels: [Float]
    private let bias: [Float]

    /// Packs a weight, `[outputs, inputs]`, and a bias, `[outputs]`; nil is zero.
    ///
    /// - Parameters:
    ///   - weight: Row-major.
    ///   - bias: Added to the products.
    ///   - scale: Factors of the results, `[outputs]`; nil for one.
    ///   - outputs: Rows of the weight.
    public init(weight: [Float], bias: [Float]? = nil, scale: [Float]? = nil, outputs: Int) {
        let inputs = weight.count / outputs
        (self.inputs, self.outputs) = (inputs, outputs)
        panels = Self.panels(count: outputs, width: inputs) { row, column in
            weight[row * inputs + column] * (scale?[row] ?? 1)
        }
        self.bias = (0 ..< Self.filled(outputs)).map {
            $0 < outputs ? (bias?[$0] ?? 0) * (scale?[$0] ?? 1) : 0
        }
    }

    /// The mapped rows of `x`, which are ``inputs`` wide.
    public func callAsFunction(_ x: Rows) -> Rows {
        precondition(x.width == inputs, "rows of another width")
        return Rows(count: x.count, width: outputs) { y in
            kernel_linear(x.values, x.width, x.count, inputs, panels, bias, outputs, y, false)
        }
    }

    /// Adds the mapped rows of `x`, which are ``inputs`` wide, to as many rows of `y`.
    public func add(_ x: Rows, to y: inout Rows) {
        precondition(x.width == inputs && x.count == y.count, "rows of other widths or number")
        addWindows(of: x.values, stride: x.width, to: &y)
    }

    /// Adds to every row of `y` the map of the numbers of `x` from `stride` times its index on: a convolution.
    public func addWindows(of x: [Float], stride: Int, to y: inout Rows) {
        let rows = y.count
        precondition(y.width == outputs && x.count >= (rows - 1) * stride + inputs, "rows of other widths")
        y.values.withUnsafeMutableBufferPointer { y in
            guard let y = y.baseAddress else { return }
            kernel_linear(x, stride, rows, inputs, panels, bias, outputs, y, true)
        }
    }

    /// Maps `rows` vectors that begin `stride` numbers after one another, and writes the results to `y`, one after the other, or adds them.
    func apply(
        _ x: UnsafePointer<Float>,
        stride: Int,
        rows: Int,
        to y: UnsafeMutablePointer<Float>,
        adding: Bool
    ) {
        kernel_linear(x, stride, rows, inputs, panels, bias, outputs, y, adding)
    }

    static let panel = Int(KERNEL_PANEL)

    /// `count`, rounded up to whole panels.
    static func filled(_ count: Int) -> Int { (count + panel - 1) / panel * panel }

    /// Columns of `width` numbers in panels of 16, filled up with zeros.
    static func panels(count: Int, width: Int, _ value: (_ column: Int, _ row: Int) -> Float) -> [Float] {
        [Float](unsafeUninitializedCapacity: filled(count) * width) { numbers, written in
            for first in stride(from: 0, to: count, by: panel) {
                for row in 0 ..< width {
                    for column in first ..< first + panel {
                        numbers[first * width + row * panel + column - first] =
                            column < count ? value(column, row) : 0
                    }
                }
            }
            written = filled(count) * width
        }
    }
}
