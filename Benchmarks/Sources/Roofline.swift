import Torch

/// Limits of the machine for matrix products: arithmetic of a large product, and reading weights once, each measured in every round of a
/// benchmark, by processor time.
final class Roofline {
    /// Products of a figure beside the limits.
    struct Efficiency: Encodable {
        /// Billions of multiplications and additions a second of a core.
        let gigaflops: Double
        /// Share of those of a large product.
        let shareOfPeak: Double
        /// Billions of bytes a second of a core.
        let gigabytes: Double
        /// Share of those of reading memory; above 1 where caches hold what is read.
        let shareOfBandwidth: Double
    }

    private let dtype: DType
    private let square: Tensor
    private let weight: Tensor
    private let vector: Tensor
    private var peaks: [Double] = []
    private var bandwidths: [Double] = []

    /// Prepares products of `dtype`.
    init(_ dtype: DType) {
        self.dtype = dtype
        square = Tensor.randn([1024, 1024]).to(dtype)
        // Beyond what caches hold.
        weight = Tensor.full([8192, 4096], 0.5, dtype: dtype)
        vector = Tensor.full([1, 4096], 0.5, dtype: dtype)
    }

    /// Measures both, once more.
    func measure(counts: Bool) {
        let product = seconds { square.matmul(square) }
        let reading = seconds { vector.linear(weight: weight, bias: nil) }
        guard counts else { return }
        peaks.append(2 * Double(1024 * 1024 * 1024) / product)
        bandwidths.append(Double(weight.count * dtype.byteCount) / reading)
    }

    /// Seconds of the faster of two calls.
    private func seconds(_ body: () -> Tensor) -> Double {
        withoutGradients {
            (0 ..< 2).map { _ in
                let start = Processor.used
                _ = body()
                return Processor.used - start
            }.min() ?? .infinity
        }
    }

    /// The limits in words.
    var note: String {
        func billions(_ numbers: [Double]) -> Int { Int((Spread(numbers).median / 1e9).rounded()) }
        return
            "Roofline of a core in the same rounds, \(dtype): products \(billions(peaks)) GFLOP/s, memory \(billions(bandwidths)) GB/s."
    }

    /// Share of the limits that `work` in `seconds` of processor time reaches.
    func efficiency(of work: ProductCount, seconds: Double) -> Efficiency {
        let (flops, bytes) = (Double(work.flops) / seconds, Double(work.bytes) / seconds)
        return Efficiency(
            gigaflops: flops / 1e9,
            shareOfPeak: flops / Spread(peaks).median,
            gigabytes: bytes / 1e9,
            shareOfBandwidth: bytes / Spread(bandwidths).median
        )
    }
}
