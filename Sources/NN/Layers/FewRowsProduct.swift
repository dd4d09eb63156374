internal import CKernels
internal import Dispatch
internal import Torch

/// Product of a handful of rows with a weight in bfloat16 or single precision on a CPU, by a kernel that reads memory faster than
/// libtorch's: of a block of action tokens, for example.
enum FewRowsProduct {
    /// True on processors that the kernel is made for.
    static let isSupported = kernel_has_few_rows_products()

    /// Numbers of a weight from which the kernel is taken in single precision: smaller ones stay in the processor's caches.
    private static let leastSinglePrecisionCount = 65_536

    /// `x · Wᵀ + bias`, `[..., in]` to `[..., out]`; nil for what is left to libtorch: many rows, other element types, small
    /// weights in single precision, and what is recorded for differentiation.
    static func of(_ x: Tensor, weight: Tensor, bias: Tensor?) -> Tensor? {
        guard isSupported, x.dtype == weight.dtype, x.dtype == .bfloat16 || x.dtype == .float32,
            x.device == .cpu, weight.device == .cpu
        else { return nil }
        guard x.dtype == .bfloat16 || weight.count >= leastSinglePrecisionCount else { return nil }
        let (inputs, outputs) = (weight.size(1), weight.size(0))
        let rows = x.count / inputs
        let isRecorded = isRecordingGradients && (x.requiresGradient || weight.requiresGradient)
        guard rows > 0, rows <= Int(FEW_ROWS_MOST), !isRecorded else { return nil }
        let y = product(x.contiguous(), rows: rows, weight.contiguous())
            .reshaped(x.shape.dropLast() + [outputs]).counted(depth: inputs, x, weight)
        return bias.map { y + $0 } ?? y
    }

    /// `x · Wᵀ`, `[rows, out]`, on as many threads as libtorch's operators take.
    private static func product(_ x: Tensor, rows: Int, _ weight: Tensor) -> Tensor {
        let (inputs, outputs) = (weight.size(1), weight.size(0))
        let y = Tensor.empty([rows, outputs], dtype: x.dtype)
        if x.dtype == .bfloat16 {
            inParts(x, weight, y, UInt16.self) {
                kernel_few_rows_bfloat16($0, rows, inputs, $1, outputs, $3.lowerBound, $3.count, $2)
            }
        } else {
            inParts(x, weight, y, Float.self) {
                kernel_few_rows_float32($0, rows, inputs, $1, outputs, $3.lowerBound, $3.count, $2)
            }
        }
        return y
    }

    /// Calls `body` on several threads, each for some of the outputs, with the memory of the tensors.
    private static func inParts<Number>(
        _ x: Tensor,
        _ weight: Tensor,
        _ y: Tensor,
        _ type: Number.Type,
        _ body: (UnsafePointer<Number>, UnsafePointer<Number>, UnsafeMutablePointer<Number>, Range<Int>) ->
            Void
    ) {
        let outputs = weight.size(0)
        // A thread's part is worth waking it for.
        let parts = max(1, min(Torch.threadCount, weight.count / 65_536))
        x.withNumbers(type) { x in
            weight.withNumbers(type) { weight in
                y.withNumbers(type) { y in
                    // Parts do not overlap.
                    nonisolated(unsafe) let (x, weight, y, body) = (x, weight, y, body)
                    DispatchQueue.concurrentPerform(iterations: parts) { part in
                        body(x, weight, y, outputs * part / parts ..< outputs * (part + 1) / parts)
                    }
                }
            }
        }
    }
}

extension Tensor {
    /// Lends the memory of a contiguous CPU tensor that is not empty.
    fileprivate func withNumbers<Number>(_ type: Number.Type, _ body: (UnsafeMutablePointer<Number>) -> Void)
    {
        withMutableBytes { bytes in
            guard let numbers = bytes.bindMemory(to: type).baseAddress else { return }
            body(numbers)
        }
    }
}
