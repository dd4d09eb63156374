internal import CKernels
internal import Dispatch
internal import Torch

/// Product of a handful of rows with a weight in bfloat16 on a CPU, by a kernel that reads memory faster than libtorch's: of a block of
/// action tokens, for example.
enum FewRowsProduct {
    /// True on processors that the kernel is made for.
    static let isSupported = kernel_has_bfloat16_products()

    /// `x · Wᵀ + bias`, `[..., in]` to `[..., out]`; nil for what is left to libtorch: many rows, other element types, and what is
    /// recorded for differentiation.
    static func of(_ x: Tensor, weight: Tensor, bias: Tensor?) -> Tensor? {
        guard isSupported, x.dtype == .bfloat16, weight.dtype == .bfloat16, x.device == .cpu,
            weight.device == .cpu
        else { return nil }
        let (inputs, outputs) = (weight.size(1), weight.size(0))
        let rows = x.count / inputs
        let isRecorded = isRecordingGradients && (x.requiresGradient || weight.requiresGradient)
        guard rows > 0, rows <= Int(BFLOAT16_MOST_ROWS), !isRecorded else { return nil }
        let y = product(x.contiguous(), rows: rows, weight.contiguous())
            .reshaped(x.shape.dropLast() + [outputs]).counted(depth: inputs, x, weight)
        return bias.map { y + $0 } ?? y
    }

    /// `x · Wᵀ`, `[rows, out]`, on as many threads as libtorch's operators take.
    private static func product(_ x: Tensor, rows: Int, _ weight: Tensor) -> Tensor {
        let (inputs, outputs) = (weight.size(1), weight.size(0))
        let y = Tensor.empty([rows, outputs], dtype: .bfloat16)
        // A thread's part is worth waking it for.
        let parts = max(1, min(Torch.threadCount, inputs * outputs / 65_536))
        x.withNumbers { x in
            weight.withNumbers { weight in
                y.withNumbers { y in
                    // Parts do not overlap.
                    nonisolated(unsafe) let (x, weight, y) = (x, weight, y)
                    DispatchQueue.concurrentPerform(iterations: parts) { part in
                        let (first, end) = (outputs * part / parts, outputs * (part + 1) / parts)
                        kernel_bfloat16_linear(x, rows, inputs, weight, outputs, first, end - first, y)
                    }
                }
            }
        }
        return y
    }
}

extension Tensor {
    /// Lends the memory of a contiguous CPU tensor in bfloat16.
    fileprivate func withNumbers(_ body: (UnsafeMutablePointer<UInt16>?) -> Void) {
        withMutableBytes { body($0.bindMemory(to: UInt16.self).baseAddress) }
    }
}
