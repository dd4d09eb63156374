/// A NumPy array: the type of its elements, its shape, and its bytes in C order.
public struct NDArray: Equatable, Sendable {
    /// NumPy's `dtype.str`, for example `<f4`, `|u1`, `<f8`, `<i8`, `|b1`.
    public let dtype: String

    /// The parsed `dtype`.
    public let elementType: ElementType

    /// Length of every axis; empty for a single number.
    public let shape: [Int]

    /// The elements, last axis fastest.
    public let data: [UInt8]

    /// Number of elements.
    public var count: Int { data.count / elementType.size }

    /// Wraps `data`, whose length must be that of `shape` elements of type `dtype`.
    ///
    /// - Throws: ``WireError`` when the type is unknown, an axis is negative, or the length differs.
    public init(dtype: String, shape: [Int], data: [UInt8]) throws(WireError) {
        guard let elementType = ElementType(dtype: dtype) else {
            throw WireError(.malformedArray("dtype '\(dtype)' is not one of bool, int, uint and float"))
        }
        let bytes = try Self.byteCount(of: shape, elementSize: elementType.size)
        guard bytes == data.count else {
            throw WireError(
                .malformedArray(
                    "shape \(shape) of \(elementType.name) needs \(bytes) bytes, but \(data.count) were sent"
                )
            )
        }
        self.dtype = dtype
        self.elementType = elementType
        self.shape = shape
        self.data = data
    }

    /// Number of bytes of an array.
    ///
    /// - Throws: ``WireError`` when an axis is negative, or memory cannot hold the array.
    static func byteCount(of shape: [Int], elementSize: Int) throws(WireError) -> Int {
        var bytes = elementSize
        for size in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow else { throw WireError(.malformedArray("impossible shape \(shape)")) }
            bytes = product
        }
        return bytes
    }

    private init(elementType: ElementType, shape: [Int], data: [UInt8]) {
        precondition(
            shape.reduce(elementType.size, *) == data.count,
            "an array needs as many elements as its shape says"
        )
        self.dtype = elementType.dtype
        self.elementType = elementType
        self.shape = shape
        self.data = data
    }

    /// An array of float32, `shape`, from as many `values`.
    public init(shape: [Int], values: [Float]) {
        let little = values.map(\.bitPattern.littleEndian)
        self.init(elementType: .float32, shape: shape, data: little.withUnsafeBytes { Array($0) })
    }

    /// An array of uint8, `shape`, from as many `bytes`.
    public init(shape: [Int], bytes: [UInt8]) {
        self.init(elementType: .uint8, shape: shape, data: bytes)
    }
}
