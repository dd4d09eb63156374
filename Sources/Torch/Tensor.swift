internal import CTorch

/// A block of numbers on a device, with libtorch's operators and automatic differentiation.
///
/// Copies share memory, as in PyTorch; methods whose name ends in `InPlace` change it. Operators trap with
/// libtorch's message when shapes or types disagree, so callers check outside data before.
public struct Tensor: @unchecked Sendable {
    /// Owns one reference to libtorch's tensor.
    private final class Handle {
        let pointer: OpaquePointer
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
        deinit { torch_release(pointer) }
    }

    private let handle: Handle

    /// Takes over a reference that the C door returned; NULL means that `operation` failed.
    init(adopting pointer: OpaquePointer?, from operation: @autoclosure () -> String) {
        guard let pointer else { trap(operation()) }
        handle = Handle(pointer)
    }

    /// Lends the handle to the C door.
    func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        withExtendedLifetime(handle) { body(handle.pointer) }
    }

    /// Borrowed pointer; the tensor must outlive its use.
    var pointer: OpaquePointer { handle.pointer }

    /// Number of axes.
    public var rank: Int { withHandle { Int(torch_rank($0)) } }

    /// Size of every axis.
    public var shape: [Int] {
        withHandle { pointer in (0 ..< torch_rank(pointer)).map { Int(torch_size(pointer, $0)) } }
    }

    /// Size of one axis; negative axes count from the end.
    public func size(_ axis: Int) -> Int {
        let rank = self.rank
        precondition(axis >= -rank && axis < rank, "axis \(axis) of a tensor of rank \(rank)")
        return withHandle { Int(torch_size($0, Int64(axis < 0 ? axis + rank : axis))) }
    }

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// Type of the elements.
    public var dtype: DType {
        let raw = withHandle { torch_dtype($0) }
        guard let dtype = DType(rawValue: raw) else { preconditionFailure("unsupported element type \(raw)") }
        return dtype
    }

    /// Device that holds the elements.
    public var device: Device {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { name in
            withHandle { torch_device($0, name.baseAddress, 32) }
            return Device(named: name.baseAddress.map { String(cString: $0) } ?? "cpu")
        }
    }
}

extension Tensor: CustomStringConvertible {
    /// Shape, type and device, for example `float32[2, 3] on cpu`.
    public var description: String { "\(dtype)\(shape) on \(device)" }
}
