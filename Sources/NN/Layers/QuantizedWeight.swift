internal import CKernels
internal import Dispatch
public import Torch

// Axes in this file
//   P  panels of 16 channels      G  groups of inputs      Q  quads of inputs

/// Whole numbers that stand for the weight of a linear layer.
public enum WeightQuantization: String, Codable, CaseIterable, Sendable {
    /// 8 bits, with a scale an output channel.
    case int8

    /// 4 bits, with a scale an output channel and 64 inputs.
    case int4

    /// Bits of a weight, scales not counted.
    public var bits: Int { self == .int8 ? 8 : 4 }
}

/// Weight of a linear layer, `[out, in]`, as whole numbers times scales, for inference.
///
/// It is laid out as `CKernels` reads it (`quantized.h`): channels and inputs are filled up with zeros to whole panels and
/// groups. On CPUs with products of bytes, activations are rounded to 16 bits, which loses less than bfloat16 does.
public struct QuantizedWeight: Sendable {
    /// int8 `[P, Q, 16, 4]`, or of 4 bits uint8 `[P, G, 8, 16, 4]`: two numbers a byte, plus 8, of which the first half of a
    /// group's inputs has the lower one.
    public let wholes: Tensor

    /// float32 `[P, G, 16]`.
    public let scales: Tensor

    /// Numbers that go in.
    public let inputs: Int

    /// Numbers that come out.
    public let outputs: Int

    private static let panel = Int(QUANTIZED_PANEL)
    private static let group = Int(QUANTIZED_GROUP)

    /// A weight of these parts.
    init(wholes: Tensor, scales: Tensor, inputs: Int, outputs: Int) {
        (self.wholes, self.scales, self.inputs, self.outputs) = (wholes, scales, inputs, outputs)
    }

    /// Room for a weight that is about to be read from a file.
    init(undefined quantization: WeightQuantization, inputs: Int, outputs: Int, device: Device) {
        precondition(inputs <= QUANTIZED_MOST_INPUTS, "a quantized layer of \(inputs) inputs")
        let panels = (outputs + Self.panel - 1) / Self.panel
        let groups = quantization == .int8 ? 1 : (inputs + Self.group - 1) / Self.group
        wholes =
            quantization == .int8
            ? .empty([panels, (inputs + 3) / 4, Self.panel, 4], dtype: .int8, device: device)
            : .empty([panels, groups, 8, Self.panel, 4], dtype: .uint8, device: device)
        scales = .empty([panels, groups, Self.panel], device: device)
        (self.inputs, self.outputs) = (inputs, outputs)
    }

    /// The kind of whole numbers.
    public var quantization: WeightQuantization { wholes.dtype == .int8 ? .int8 : .int4 }

    /// Bytes in memory.
    public var byteCount: Int { wholes.count + 4 * scales.count }
}

// MARK: Rounding

extension QuantizedWeight {
    /// Rounds `weight`, `[out, in]`, whose numbers are finite.
    public init(quantizing weight: Tensor, as quantization: WeightQuantization) {
        let (outputs, inputs) = (weight.size(0), weight.size(1))
        self = withoutGradients {
            let empty = QuantizedWeight(
                undefined: quantization,
                inputs: inputs,
                outputs: outputs,
                device: weight.device
            )
            let (panels, groups) = (empty.scales.size(0), empty.scales.size(1))
            let width = quantization == .int8 ? empty.wholes.size(1) * 4 : groups * Self.group
            let numbers = weight.detached().to(.float32)
                .padded([0, width - inputs, 0, panels * Self.panel - outputs])
                .reshaped(panels * Self.panel, groups, width / groups)
            let (wholes, scales) = quantization == .int8 ? Self.bytes(numbers) : Self.halfBytes(numbers)
            return QuantizedWeight(
                wholes: quantization == .int8
                    ? wholes.reshaped(panels, Self.panel, width / 4, 4).permuted(0, 2, 1, 3).to(.int8)
                        .contiguous()
                    : Self.packed(wholes.reshaped(panels, Self.panel, groups, 2, 8, 4)),
                scales: scales.reshaped(panels, Self.panel, groups).permuted(0, 2, 1).contiguous(),
                inputs: inputs,
                outputs: outputs
            )
        }
    }

    /// Whole numbers of 8 bits of `numbers`, `[channels, groups, inputs]`, and a scale a group.
    private static func bytes(_ numbers: Tensor) -> (wholes: Tensor, scales: Tensor) {
        let scales = nonzero(numbers.abs().max(2, keepingAxes: true) / 127)
        return ((numbers / scales).rounded(), scales)
    }

    /// Whole numbers of 4 bits, and a scale a group.
    ///
    /// The number farthest from zero takes -8, as in llama.cpp's Q4_0. A scale somewhat smaller, which clips it, often has a
    /// lower squared error: the best of several is taken.
    private static func halfBytes(_ numbers: Tensor) -> (wholes: Tensor, scales: Tensor) {
        let (high, low) = (numbers.max(2, keepingAxes: true), numbers.min(2, keepingAxes: true))
        let extreme = high.selected(where: (high + low).greater(0), otherwise: low)
        let largest = nonzero(extreme / -8)
        func rounded(_ scales: Tensor) -> Tensor { (numbers / scales).rounded().clamped(-8 ... 7) }
        func error(_ scales: Tensor) -> Tensor {
            (rounded(scales) * scales - numbers).squared().sum(2, keepingAxes: true)
        }
        var (best, least) = (largest, error(largest))
        for factor in [0.95, 0.9, 0.85, 0.8, 0.75] {
            let scales = largest * factor
            let found = error(scales)
            let isBetter = found.less(least)
            best = scales.selected(where: isBetter, otherwise: best)
            least = found.selected(where: isBetter, otherwise: least)
        }
        return (rounded(best), best)
    }

    /// Scales, with 1 for zeros.
    private static func nonzero(_ scales: Tensor) -> Tensor { scales.filled(where: scales.equal(0), with: 1) }

    /// Numbers of 4 bits, `[P, 16, G, 2, 8, 4]`, two a byte.
    private static func packed(_ wholes: Tensor) -> Tensor {
        let halves = (wholes + 8).permuted(0, 2, 3, 4, 1, 5)
        return (halves.select(2, 0) + halves.select(2, 1) * 16).to(.uint8).contiguous()
    }

    /// The weight as numbers, `[out, in]`.
    public func dequantized(to dtype: DType) -> Tensor {
        let panels = scales.size(0)
        let channels = scales.permuted(0, 2, 1).reshaped(panels * Self.panel, -1, 1)
        let numbers: Tensor
        if quantization == .int8 {
            numbers = wholes.permuted(0, 2, 1, 3).to(.float32)
        } else {
            let (upper, lower) = wholes.to(.int32).quotientAndRemainder(dividingBy: 16)
            // [P, G, 2, 8, 16, 4] to [P, 16, G, 2, 8, 4].
            numbers = Tensor.stacked([lower, upper], axis: 2).permuted(0, 4, 1, 2, 3, 5).to(.float32) - 8
        }
        let groups = numbers.reshaped(panels * Self.panel, scales.size(1), -1) * channels
        return groups.reshaped(panels * Self.panel, -1).narrowed(0, from: 0, count: outputs)
            .narrowed(1, from: 0, count: inputs).to(dtype)
    }
}

// MARK: Products

extension QuantizedWeight {
    /// True on processors whose kernels take activations in bytes.
    static let hasByteProducts = kernel_has_byte_products()

    /// `x · Wᵀ + bias`: `[..., in]` to `[..., out]`, in the element type of `x`.
    ///
    /// Without products of bytes, many rows go through libtorch and a weight of numbers, and so does everything on other
    /// devices, and what is differentiated by `x`.
    public func callAsFunction(_ x: Tensor, bias: Tensor? = nil) -> Tensor {
        let rows = x.count / inputs
        let hasKernel = x.device == .cpu && !x.requiresGradient
        guard hasKernel, Self.hasByteProducts || rows <= 32 else {
            return x.linear(weight: dequantized(to: x.dtype), bias: bias)
        }
        // A thread's part is worth waking it for.
        let parts = min(Torch.threadCount, wholes.count / 65_536)
        let y = product(x.reshaped(rows, inputs), inBytes: Self.hasByteProducts, parts: parts)
            .counted(depth: inputs, x, wholes, scales)
        let shifted = bias.map { y + $0 } ?? y
        return shifted.to(x.dtype).reshaped(x.shape.dropLast() + [outputs])
    }

    /// `x · Wᵀ` in single precision, `[rows, out]`, by the kernels, on as many threads as there are parts.
    func product(_ x: Tensor, inBytes: Bool, parts: Int = 1) -> Tensor {
        var layer = QuantizedLayer(
            bits: Int32(quantization.bits),
            inputs: inputs,
            outputs: outputs,
            in_bytes: inBytes
        )
        let rows = x.size(0)
        let numbers = x.detached().to(.float32).contiguous()
        let y = Tensor.empty([rows, outputs])
        let size = rows * kernel_quantized_row_bytes(&layer)
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { prepared in
            let left = prepared.bindMemory(to: UInt8.self).baseAddress
            numbers.withPointer(to: Float.self) { kernel_quantized_prepare(&layer, $0, rows, left) }
            wholes.withPointer(to: UInt8.self) { wholes in
                scales.withPointer(to: Float.self) { scales in
                    y.withPointer(to: Float.self) { y in
                        inParts(parts) { first, count in
                            withUnsafePointer(to: layer) {
                                kernel_quantized_linear($0, wholes, scales, left, rows, first, count, y)
                            }
                        }
                    }
                }
            }
        }
        return y
    }

    /// Runs `body` for ranges of panels, each on a thread.
    private func inParts(_ parts: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
        let panels = scales.size(0)
        // Kernels take panels two by two.
        let (pairs, parts) = (panels / 2, min(parts, panels / 2))
        guard parts > 1 else { return body(0, panels) }
        // Parts do not overlap.
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let first = pairs * part / parts * 2
            let end = part == parts - 1 ? panels : pairs * (part + 1) / parts * 2
            body(first, end - first)
        }
    }
}

extension NamedTensor {
    /// True for the scales of a quantized weight.
    public var isWeightScale: Bool { name.split(separator: ".").last == "weightScale" }

    /// Number of parameters that it stands for: two a byte of 4-bit weights, none of their scales.
    public var parameterCount: Int {
        isWeightScale ? 0 : tensor.dtype == .uint8 ? 2 * tensor.count : tensor.count
    }
}

extension Tensor {
    /// Lends the memory of a contiguous CPU tensor as numbers.
    fileprivate func withPointer<Number>(
        to _: Number.Type,
        _ body: (UnsafeMutablePointer<Number>?) -> Void
    ) {
        withMutableBytes { body($0.bindMemory(to: Number.self).baseAddress) }
    }
}
