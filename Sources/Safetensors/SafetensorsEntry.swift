/// Location, type and shape of one tensor in a safetensors file.
public struct SafetensorsEntry: Equatable, Sendable {
    /// The format's name of the element type, for example `F32`, `BF16`, `I64`.
    public let dtype: String

    /// Size of every axis.
    public let shape: [Int]

    /// Bytes of the tensor, counted from the end of the header.
    public let range: Range<Int>

    /// Bytes of one element of `dtype`, or nil for a type that the format does not have.
    public static func byteCount(of dtype: String) -> Int? {
        switch dtype {
        case "BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2": 1
        case "F16", "BF16", "I16", "U16": 2
        case "F32", "I32", "U32": 4
        case "F64", "I64", "U64": 8
        default: nil
        }
    }
}
