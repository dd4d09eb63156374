public import Foundation
internal import Support

extension NumpyFile {
    /// Writes single-precision numbers, as float32, durably.
    ///
    /// - Throws: ``NumpyError`` when `shape` does not hold `values`, or the system's error with the path.
    public static func write(_ values: [Float], shape: [Int], to url: URL) throws {
        try write(values, dtype: "<f4", shape: shape, to: url)
    }

    /// Writes integers, as int64, durably.
    ///
    /// - Throws: ``NumpyError`` when `shape` does not hold `values`, or the system's error with the path.
    public static func write(_ values: [Int], shape: [Int], to url: URL) throws {
        try write(values, dtype: "<i8", shape: shape, to: url)
    }

    private static func write<Element: BitwiseCopyable>(
        _ values: [Element],
        dtype: String,
        shape: [Int],
        to url: URL
    ) throws {
        let bytes = values.withUnsafeBytes { Data($0) }
        guard shape.allSatisfy({ $0 >= 0 }), byteCount(of: shape, dtype: dtype) == bytes.count else {
            throw NumpyError(
                file: url.path,
                reason: "cannot hold \(values.count) values in shape \(shape)"
            )
        }
        let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var header = "{'descr': '\(dtype)', 'fortran_order': False, 'shape': (\(sizes)), }"
        // Magic, version and length take 10 bytes, the newline one; elements start at a multiple of 64.
        header += String(repeating: " ", count: (64 - (11 + header.utf8.count) % 64) % 64) + "\n"
        guard let length = UInt16(exactly: header.utf8.count) else {
            throw NumpyError(file: url.path, reason: "cannot hold \(shape.count) axes")
        }
        let prefix = magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)]
        try DurableFile.write(Data(prefix) + Data(header.utf8) + bytes, to: url)
    }
}
