public import Foundation

/// Arrays in NumPy's `.npy` format, C order, little endian.
///
/// Source: NumPy Enhancement Proposal 1 (`numpy.lib.format`), versions 1 to 3.
public struct NumpyFile: Sendable {
    /// NumPy's name of the element type, for example `<f4`, `<i8`, `|u1`.
    public let dtype: String

    /// Size of every axis.
    public let shape: [Int]

    /// The elements, row-major.
    public let bytes: Data

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// Reads a file.
    ///
    /// - Throws: ``NumpyError`` that names the file, what was expected and what was found.
    public init(reading url: URL) throws(NumpyError) {
        func failure(_ reason: String) -> NumpyError { NumpyError(file: url.path, reason: reason) }
        guard let data = try? Data(contentsOf: url) else {
            throw failure("no such file, or it cannot be read")
        }
        guard data.count >= 12, Array(data.prefix(6)) == Self.magic, (1 ... 3).contains(data[6]) else {
            throw failure("is not a .npy file of version 1 to 3; write it with numpy.save")
        }
        let width = data[6] == 1 ? 2 : 4
        let length = (0 ..< width).reduce(0) { $0 | Int(data[8 + $1]) << (8 * $1) }
        let start = 8 + width + length
        guard start <= data.count else { throw failure("the header is cut short") }
        let header = String(decoding: data[8 + width ..< start], as: UTF8.self)
        guard let dtype = Self.elementType(in: header), let shape = Self.shape(in: header),
            let isFortranOrder = Self.isFortranOrder(in: header)
        else {
            throw failure("the header cannot be understood: \(header.prefix(200))")
        }
        guard !isFortranOrder else {
            throw failure("is in Fortran order; save numpy.ascontiguousarray(array)")
        }
        guard let size = Self.byteCount(of: shape, dtype: dtype), size == data.count - start else {
            throw failure("holds \(data.count - start) bytes, which is not \(dtype) of shape \(shape)")
        }
        self.dtype = dtype
        self.shape = shape
        bytes = data[start...]
    }

    private static func elementType(in header: String) -> String? {
        header.firstMatch(of: /'descr':\s*'([^']*)'/).map { String($0.1) }
    }

    private static func shape(in header: String) -> [Int]? {
        guard let match = header.firstMatch(of: /'shape':\s*\(([^)]*)\)/) else { return nil }
        let sizes = match.1.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
        let known = sizes.compactMap { $0 }
        return known.count == sizes.count && known.allSatisfy { $0 >= 0 } ? known : nil
    }

    private static func isFortranOrder(in header: String) -> Bool? {
        header.firstMatch(of: /'fortran_order':\s*(True|False)/).map { $0.1 == "True" }
    }

    /// Bytes of an array, or nil where the header asks for more than there can be.
    static func byteCount(of shape: [Int], dtype: String) -> Int? {
        guard var size = Int(dtype.dropFirst(2)), size > 0 else { return nil }
        if shape.contains(0) { return 0 }
        for length in shape {
            let (product, overflows) = size.multipliedReportingOverflow(by: length)
            guard !overflows else { return nil }
            size = product
        }
        return size
    }

    /// The elements as single-precision numbers.
    ///
    /// - Parameter file: Name of the file in errors.
    /// - Returns: The elements, row-major.
    /// - Throws: ``NumpyError`` when they are neither `<f4` nor `<f8`.
    public func floats(_ file: URL) throws(NumpyError) -> [Float] {
        switch dtype {
        case "<f4": elements(Float.self)
        case "<f8": elements(Double.self).map { Float($0) }
        default:
            throw NumpyError(
                file: file.path,
                reason: "expected float32 (<f4) or float64 (<f8), found \(dtype)"
            )
        }
    }

    /// The elements as integers.
    ///
    /// - Parameter file: Name of the file in errors.
    /// - Returns: The elements, row-major.
    /// - Throws: ``NumpyError`` when they are not integers.
    public func integers(_ file: URL) throws(NumpyError) -> [Int] {
        switch dtype {
        case "<i8": elements(Int64.self).map(Int.init)
        case "<i4": elements(Int32.self).map(Int.init)
        case "<i2": elements(Int16.self).map(Int.init)
        case "|i1": elements(Int8.self).map(Int.init)
        case "<u4": elements(UInt32.self).map(Int.init)
        case "<u2": elements(UInt16.self).map(Int.init)
        case "|u1": bytes.map(Int.init)
        default:
            throw NumpyError(file: file.path, reason: "expected integers such as int64 (<i8), found \(dtype)")
        }
    }

    private func elements<Element: BitwiseCopyable>(_ type: Element.Type) -> [Element] {
        bytes.withUnsafeBytes { buffer in
            (0 ..< buffer.count / MemoryLayout<Element>.size).map {
                buffer.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: Element.self)
            }
        }
    }
}

/// A file that is not the array that was expected.
public struct NumpyError: Error, Equatable, CustomStringConvertible {
    /// Path of the file.
    public let file: String

    /// Expected and found contents, in a phrase.
    public let reason: String

    /// Creates an error about `file`.
    public init(file: String, reason: String) {
        self.file = file
        self.reason = reason
    }

    /// The error in a sentence.
    public var description: String { "\(file): \(reason)" }
}
