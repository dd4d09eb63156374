public import Torch

/// Speed of a machine, measured: the limits that a network's time is compared with.
public struct MachineSpeed: Codable, Equatable, Sendable {
    /// Multiplications and additions a second of a large matrix product.
    public var flopsPerSecond: Double

    /// Bytes a second of a product that reads each weight once.
    public var bytesPerSecond: Double

    /// Measures products of `dtype` on `device` in about a second: the fastest of several runs.
    public init(measuring dtype: DType, on device: Device) {
        let square = Tensor.randn([1024, 1024]).to(dtype).to(device)
        // Beyond what caches hold.
        let (rows, columns) = (16_384, 4096)
        let weight = Tensor.full([rows, columns], 0.5, dtype: dtype, device: device)
        let vector = Tensor.full([1, columns], 0.5, dtype: dtype, device: device)
        func fastest(_ body: () -> Tensor) -> Double {
            var stopwatch = Stopwatch(device)
            let seconds = (0 ..< 6).map { _ in
                _ = body()
                return stopwatch.lap() / .seconds(1)
            }
            return seconds.min() ?? .infinity
        }
        (flopsPerSecond, bytesPerSecond) = withoutGradients {
            (
                2 * Double(1024 * 1024 * 1024) / fastest { square.matmul(square) },
                Double(rows * columns * dtype.byteCount)
                    / fastest { vector.linear(weight: weight, bias: nil) }
            )
        }
    }

    /// Seconds that `work` takes at least: those of its arithmetic or of its memory traffic, whichever is slower.
    public func seconds(for work: ProductCount) -> Double {
        max(Double(work.flops) / flopsPerSecond, Double(work.bytes) / bytesPerSecond)
    }
}
