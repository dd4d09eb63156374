/// The type of a tensor's elements.
///
/// Raw values are libtorch's `c10::ScalarType`.
public enum DType: Int32, Sendable, CaseIterable {
    /// Unsigned 8-bit integer.
    case uint8 = 0
    /// Signed 8-bit integer.
    case int8 = 1
    /// Signed 16-bit integer.
    case int16 = 2
    /// Signed 32-bit integer.
    case int32 = 3
    /// Signed 64-bit integer; the type of codes and indices.
    case int64 = 4
    /// IEEE half precision.
    case float16 = 5
    /// IEEE single precision; the default.
    case float32 = 6
    /// IEEE double precision.
    case float64 = 7
    /// Truth values, one byte each.
    case bool = 11
    /// Brain floating point.
    case bfloat16 = 15

    /// True for real numbers, which gradients exist for.
    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .float32, .float64, .bfloat16: true
        case .uint8, .int8, .int16, .int32, .int64, .bool: false
        }
    }

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .int16, .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }
}

/// A Swift type whose arrays can become tensors and the reverse.
public protocol TensorElement: BitwiseCopyable {
    /// The tensor type with the same memory layout.
    static var dtype: DType { get }
}

extension Float: TensorElement {
    /// Single precision.
    public static var dtype: DType { .float32 }
}

extension Double: TensorElement {
    /// Double precision.
    public static var dtype: DType { .float64 }
}

extension Int: TensorElement {
    /// 64-bit integer.
    public static var dtype: DType { .int64 }
}

extension Int32: TensorElement {
    /// 32-bit integer.
    public static var dtype: DType { .int32 }
}

extension UInt8: TensorElement {
    /// Unsigned byte.
    public static var dtype: DType { .uint8 }
}

extension Bool: TensorElement {
    /// Truth value.
    public static var dtype: DType { .bool }
}
