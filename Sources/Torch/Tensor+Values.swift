internal import CTorch

private enum Convert {
    static let toDType = Operator("aten::to", "dtype")
    static let clone = Operator("aten::clone")
    static let contiguous = Operator("aten::contiguous")
    static let copy = Operator("aten::copy_")
}

extension Tensor {
    /// All elements, row-major, converted to `Element`.
    public func values<Element: TensorElement>(as type: Element.Type = Element.self) -> [Element] {
        // Converted here: some devices lack double precision.
        let source = onHost().to(Element.dtype)
        return [Element](unsafeUninitializedCapacity: source.count) { buffer, initialized in
            let bytes = source.count * MemoryLayout<Element>.stride
            let copied = source.withHandle { torch_copy_bytes($0, buffer.baseAddress, bytes) }
            if !copied { trap("values") }
            initialized = source.count
        }
    }

    /// All elements as single-precision numbers, row-major.
    public var floats: [Float] { values() }

    /// All elements as integers, row-major.
    public var integers: [Int] { values() }

    /// The only element.
    public var item: Double {
        precondition(count == 1, "item needs one element, the shape is \(shape)")
        return values(as: Double.self)[0]
    }

    /// The raw bytes of the elements, row-major.
    public var bytes: [UInt8] {
        let size = count * dtype.byteCount
        let source = onHost()
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            let copied = source.withHandle { torch_copy_bytes($0, buffer.baseAddress, size) }
            if !copied { trap("bytes") }
            initialized = size
        }
    }

    /// Lends the memory of a contiguous CPU tensor, row-major, for reading and writing.
    public func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows
        -> Result
    {
        guard let start = withHandle({ torch_host_pointer($0) }) else { trap("withMutableBytes") }
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeMutableRawBufferPointer(start: start, count: count * dtype.byteCount))
    }

    /// The same elements as another type.
    public func to(_ dtype: DType) -> Tensor { Convert.toDType(.tensor(self), .dtype(dtype)) }

    /// A copy with memory of its own.
    public func clone() -> Tensor { Convert.clone(.tensor(self)) }

    /// The same elements without gaps in memory.
    public func contiguous() -> Tensor { Convert.contiguous(.tensor(self)) }

    /// Overwrites the elements with those of `source`, converted and broadcast.
    public func copyInPlace(_ source: Tensor) {
        TransferLog.note(from: source, to: isOnHost ? .cpu : device)
        Convert.copy(.tensor(self), .tensor(source))
    }
}
