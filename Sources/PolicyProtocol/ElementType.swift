/// The number type of an array's elements, as NumPy spells it.
public struct ElementType: Equatable, Sendable {
    /// The kinds of numbers.
    public enum Kind: String, Sendable {
        /// One byte, 0 or 1.
        case boolean = "bool"
        /// Two's complement.
        case signed = "int"
        /// Without sign.
        case unsigned = "uint"
        /// IEEE 754.
        case float
    }

    /// Kind of numbers.
    public let kind: Kind

    /// Number of bytes of an element: 1, 2, 4 or 8.
    public let size: Int

    /// True if the most significant byte comes first.
    public let isBigEndian: Bool

    /// NumPy's `float32`, little-endian.
    public static let float32 = ElementType(kind: .float, size: 4, isBigEndian: false)

    /// NumPy's `uint8`.
    public static let uint8 = ElementType(kind: .unsigned, size: 1, isBigEndian: false)

    init(kind: Kind, size: Int, isBigEndian: Bool) {
        self.kind = kind
        self.size = size
        self.isBigEndian = isBigEndian
    }

    /// Parses NumPy's `dtype.str`; nil when the type is not a plain number.
    public init?(dtype: String) {
        var text = Substring(dtype)
        var isBigEndian = false
        if let order = text.first, "<>|=".contains(order) {
            isBigEndian = order == ">"
            text = text.dropFirst()
        }
        guard let letter = text.first, let size = Int(text.dropFirst()) else { return nil }
        switch (letter, size) {
        case ("b", 1): kind = .boolean
        case ("i", 1), ("i", 2), ("i", 4), ("i", 8): kind = .signed
        case ("u", 1), ("u", 2), ("u", 4), ("u", 8): kind = .unsigned
        case ("f", 2), ("f", 4), ("f", 8): kind = .float
        default: return nil
        }
        self.size = size
        self.isBigEndian = isBigEndian
    }

    /// NumPy's name, for example `float32` or `bool`.
    public var name: String { kind == .boolean ? kind.rawValue : "\(kind.rawValue)\(size * 8)" }

    /// NumPy's `dtype.str`, for example `<f4`.
    var dtype: String {
        let order = size == 1 ? "|" : isBigEndian ? ">" : "<"
        return "\(order)\(kind == .boolean ? "b" : kind.rawValue.prefix(1))\(size)"
    }
}

extension NDArray {
    /// All elements as float32, in C order; a number too large for float32 becomes infinite.
    public func floats() -> [Float] {
        switch (elementType.kind, elementType.size) {
        case (.boolean, _): data.map { $0 == 0 ? 0 : 1 }
        case (.unsigned, 1): data.map { Float($0) }
        case (.signed, 1): data.map { Float(Int8(bitPattern: $0)) }
        case (.unsigned, 2): elements(UInt16.self) { Float($0) }
        case (.signed, 2): elements(UInt16.self) { Float(Int16(bitPattern: $0)) }
        case (.float, 2): elements(UInt16.self) { Float(halfPrecision: $0) }
        case (.unsigned, 4): elements(UInt32.self) { Float($0) }
        case (.signed, 4): elements(UInt32.self) { Float(Int32(bitPattern: $0)) }
        case (.float, 4): elements(UInt32.self) { Float(bitPattern: $0) }
        case (.unsigned, _): elements(UInt64.self) { Float($0) }
        case (.signed, _): elements(UInt64.self) { Float(Int64(bitPattern: $0)) }
        case (.float, _): elements(UInt64.self) { Float(Double(bitPattern: $0)) }
        }
    }

    /// All elements as float64, in C order; whole numbers beyond 2^53 are rounded.
    public func doubles() -> [Double] {
        if elementType.kind == .float {
            return elementType.size == 8
                ? elements(UInt64.self) { Double(bitPattern: $0) } : floats().map(Double.init)
        }
        return integers()?.map(Double.init) ?? elements(UInt64.self) { Double($0) }
    }

    /// All elements as whole numbers, in C order, booleans as 0 and 1; nil for floating-point elements, and for numbers
    /// above `Int64.max`.
    public func integers() -> [Int]? {
        switch (elementType.kind, elementType.size) {
        case (.float, _): return nil
        case (.boolean, _): return data.map { $0 == 0 ? 0 : 1 }
        case (.unsigned, 1): return data.map { Int($0) }
        case (.signed, 1): return data.map { Int(Int8(bitPattern: $0)) }
        case (.unsigned, 2): return elements(UInt16.self) { Int($0) }
        case (.signed, 2): return elements(UInt16.self) { Int(Int16(bitPattern: $0)) }
        case (.unsigned, 4): return elements(UInt32.self) { Int($0) }
        case (.signed, 4): return elements(UInt32.self) { Int(Int32(bitPattern: $0)) }
        case (.signed, _): return elements(UInt64.self) { Int(Int64(bitPattern: $0)) }
        case (.unsigned, _):
            let numbers = elements(UInt64.self) { Int(exactly: $0) }.compactMap(\.self)
            return numbers.count == count ? numbers : nil
        }
    }

    /// Maps the elements, read as unsigned integers of their own width in the machine's byte order.
    private func elements<Word: FixedWidthInteger & BitwiseCopyable, Number>(
        _ word: Word.Type,
        _ number: (Word) -> Number
    ) -> [Number] {
        let isBigEndian = elementType.isBigEndian
        return data.withUnsafeBytes { bytes in
            (0 ..< bytes.count / MemoryLayout<Word>.size).map { index in
                let raw = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: word)
                return number(isBigEndian ? Word(bigEndian: raw) : Word(littleEndian: raw))
            }
        }
    }
}

extension Float {
    /// The value of IEEE 754 binary16 bits. (`Float16` itself is missing on Intel Macs.)
    init(halfPrecision bits: UInt16) {
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Float(bits & 0x3FF) / 1024
        let magnitude: Float =
            switch exponent {
            case 0: fraction * 0x1p-14
            case 31: fraction == 0 ? .infinity : .nan
            default: Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
            }
        self = bits >> 15 == 0 ? magnitude : -magnitude
    }
}
