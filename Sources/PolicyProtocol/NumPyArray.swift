/// An array as msgpack-numpy sends it, of numbers or of text.
struct NumPyArray {
    private let dtype: String
    private let shape: [Int]
    private let data: [UInt8]

    /// Reads the map by which msgpack-numpy represents an array.
    ///
    /// - Throws: ``WireError`` when a part is missing or of another kind.
    init(_ map: WireMap) throws(WireError) {
        guard case .binary(let data) = map[NumPyKey.data] else {
            throw WireError(.malformedArray("no bytes under 'data'"))
        }
        guard case .string(let dtype) = map[NumPyKey.dtype] else {
            throw WireError(.malformedArray("no text under 'dtype'"))
        }
        guard case .list(let axes) = map[NumPyKey.shape] else {
            throw WireError(.malformedArray("no list under 'shape'"))
        }
        var shape: [Int] = []
        for axis in axes {
            guard case .integer(let size) = axis else {
                throw WireError(.malformedArray("'shape' holds \(axis.kind) where a whole number belongs"))
            }
            shape.append(Int(size))
        }
        (self.dtype, self.shape, self.data) = (dtype, shape, data)
    }

    /// The array; text where it has text and no axes.
    ///
    /// - Throws: ``WireError`` when the type is unknown, or shape and bytes contradict each other.
    var value: WireValue {
        get throws(WireError) {
            guard let type = TextType(dtype: dtype) else {
                return .array(try NDArray(dtype: dtype, shape: shape, data: data))
            }
            let expected = try NDArray.byteCount(of: shape, elementSize: type.size)
            guard expected == data.count else {
                throw WireError(
                    .malformedArray(
                        "shape \(shape) of \(dtype) needs \(expected) bytes, but \(data.count) were sent"
                    )
                )
            }
            var texts: [String] = []
            for start in stride(from: 0, to: data.count, by: type.size) {
                texts.append(try type.text(data[start ..< start + type.size]))
            }
            return shape.isEmpty ? .string(texts[0]) : .texts(texts, shape: shape)
        }
    }
}

/// NumPy's text of fixed length: `U`, 32-bit Unicode scalars, or `S`, bytes.
private struct TextType {
    private let isUnicode: Bool
    private let isBigEndian: Bool

    /// Number of bytes of an element, at least 1.
    let size: Int

    /// Parses NumPy's `dtype.str`, for example `<U15` or `|S15`; nil for another type, or for no characters.
    init?(dtype: String) {
        var text = Substring(dtype)
        isBigEndian = text.first == ">"
        if let order = text.first, "<>|=".contains(order) { text = text.dropFirst() }
        guard let letter = text.first, letter == "U" || letter == "S" else { return nil }
        guard let length = Int(text.dropFirst()), (1 ... 1 << 24).contains(length) else { return nil }
        isUnicode = letter == "U"
        size = isUnicode ? 4 * length : length
    }

    /// The text of an element, without the zeros at its end.
    func text(_ bytes: ArraySlice<UInt8>) throws(WireError) -> String {
        guard isUnicode else {
            let end = bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? bytes.startIndex
            guard let text = String(validating: bytes[..<end], as: UTF8.self) else {
                throw WireError(.notText)
            }
            return text
        }
        var scalars = String.UnicodeScalarView()
        var zeros = 0
        for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 4) {
            let word = bytes[start ..< start + 4]
            let code =
                isBigEndian
                ? word.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                : word.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard code != 0 else {
                zeros += 1
                continue
            }
            guard let scalar = Unicode.Scalar(code) else { throw WireError(.notText) }
            scalars.append(contentsOf: repeatElement(Unicode.Scalar(0), count: zeros))
            zeros = 0
            scalars.append(scalar)
        }
        return String(scalars)
    }
}
