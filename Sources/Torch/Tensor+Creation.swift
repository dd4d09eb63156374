internal import CTorch

private enum Create {
    static let empty = Operator("aten::empty", "memory_format")
    static let zeros = Operator("aten::zeros")
    static let ones = Operator("aten::ones")
    static let full = Operator("aten::full")
    static let arange = Operator("aten::arange", "start")
    static let randn = Operator("aten::randn")
    static let rand = Operator("aten::rand")
    static let randint = Operator("aten::randint", "low")
    static let randperm = Operator("aten::randperm")
    static let exponential = Operator("aten::exponential_")
    static let zerosLike = Operator("aten::zeros_like")
}

extension Tensor {
    /// Copies `values`, row-major, into a tensor of `shape`.
    public init<Element: TensorElement>(_ values: [Element], shape: [Int], device: Device = .cpu) {
        precondition(
            shape.reduce(1, *) == values.count,
            "\(values.count) values cannot have the shape \(shape)"
        )
        func onHost() -> Tensor {
            values.withUnsafeBytes { Tensor(bytes: $0, dtype: Element.dtype, shape: shape) }
        }
        guard device != .cpu else {
            self = onHost()
            return
        }
        self =
            ConstantCache.current.map { cache in
                cache.tensor(values.withUnsafeBytes(Array.init), Element.dtype, shape, device) {
                    onHost().to(device)
                }
            } ?? onHost().to(device)
    }

    /// Copies `values` into a tensor of one axis.
    public init<Element: TensorElement>(_ values: [Element], device: Device = .cpu) {
        self.init(values, shape: [values.count], device: device)
    }

    /// Copies `bytes`, row-major elements of `dtype`, into a CPU tensor.
    public init(bytes: UnsafeRawBufferPointer, dtype: DType, shape: [Int]) {
        let sizes = shape.map(Int64.init)
        self.init(
            adopting: torch_from_bytes(
                bytes.baseAddress,
                bytes.count,
                dtype.rawValue,
                sizes,
                Int64(sizes.count)
            ),
            from: "tensor from bytes"
        )
    }

    /// A tensor without axes.
    public static func scalar(_ value: Double, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full([], value, dtype: dtype, device: device)
    }

    /// Memory with no defined content, which is about to be written.
    public static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        Create.empty(.integers(shape), .dtype(dtype), nil, .device(device))
    }

    /// Zeros.
    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        Create.zeros(.integers(shape), .dtype(dtype), nil, .device(device))
    }

    /// Ones.
    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        Create.ones(.integers(shape), .dtype(dtype), nil, .device(device))
    }

    /// One value everywhere.
    public static func full(
        _ shape: [Int],
        _ value: Double,
        dtype: DType = .float32,
        device: Device = .cpu
    ) -> Tensor {
        Create.full(.integers(shape), .real(value), .dtype(dtype), nil, .device(device))
    }

    /// The integers of `range`, int64 unless said otherwise.
    public static func arange(_ range: Range<Int>, dtype: DType = .int64, device: Device = .cpu) -> Tensor {
        Create.arange(
            .integer(range.lowerBound),
            .integer(range.upperBound),
            .dtype(dtype),
            nil,
            .device(device)
        )
    }

    /// Zeros of the same shape, type and device.
    public func zerosLike() -> Tensor { Create.zerosLike(.tensor(self)) }
}

// Random numbers, which the CPU draws for every device: one seed gives the same ones everywhere, and a checkpoint needs the
// state of one generator (Documentation/Decisions/0034-random-numbers-of-the-cpu.md).
extension Tensor {
    /// Standard normal noise.
    public static func randn(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        Create.randn(.integers(shape), .dtype(dtype)).to(device)
    }

    /// Uniform noise in `0 ..< 1`.
    public static func rand(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        Create.rand(.integers(shape), .dtype(dtype)).to(device)
    }

    /// Exponential noise with mean 1.
    public static func randexp(_ shape: [Int], device: Device = .cpu) -> Tensor {
        Create.exponential(.tensor(empty(shape)), 1.0).to(device)
    }

    /// Uniform integers of `range`, int64.
    public static func randint(_ range: Range<Int>, _ shape: [Int], device: Device = .cpu) -> Tensor {
        Create.randint(
            .integer(range.lowerBound),
            .integer(range.upperBound),
            .integers(shape),
            .dtype(.int64)
        )
        .to(device)
    }

    /// A random order of `0 ..< count`, int64.
    public static func randperm(_ count: Int, device: Device = .cpu) -> Tensor {
        Create.randperm(.integer(count), .dtype(.int64)).to(device)
    }

    /// An element of every row of `weights`, `[..., n]`, drawn in proportion to them: int64 `[...]`.
    ///
    /// The first of several Poisson processes to fire, as libtorch draws, but for the noise.
    public static func pick(weights: Tensor) -> Tensor {
        (weights / .randexp(weights.shape, device: weights.device)).argmax(-1)
    }

    /// Indices of `count` different elements of `weights`, `[n]`, drawn in proportion to them: int64 `[count]`.
    public static func differentPicks(_ count: Int, weights: Tensor) -> Tensor {
        (weights / .randexp(weights.shape, device: weights.device)).topK(count).indices
    }

    /// Indices of `count` elements of `weights`, `[n]`, drawn in proportion to them, with replacement: int64 `[count]`.
    public static func picks(_ count: Int, weights: Tensor) -> Tensor {
        let sums = weights.cumulativeSum(0)
        let fractions = sums / sums.narrowed(0, from: sums.count - 1, count: 1)
        // A drawn fraction may round to 1, behind the last sum.
        let dtype: DType = weights.device.type == "mps" ? .float32 : .float64
        let drawn = Tensor.rand([count], dtype: .float64).to(dtype).to(weights.device)
        return fractions.to(dtype).insertionPoints(of: drawn).minimum(
            .scalar(Double(weights.count - 1), dtype: .int64, device: weights.device)
        )
    }
}
