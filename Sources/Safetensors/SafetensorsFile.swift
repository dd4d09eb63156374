public import Foundation

/// A safetensors file, mapped into memory: the header is checked at once, tensors are read where they lie.
///
/// Source: the format as the `safetensors` package defines it: 8 bytes of header length, little endian; a
/// JSON header; the tensors, row-major, without gaps or overlaps.
public struct SafetensorsFile: Sendable {
    /// Tensors by name.
    public let entries: [String: SafetensorsEntry]

    /// Free text that the writer left under `__metadata__`.
    public let metadata: [String: String]

    private let data: Data
    private let start: Int
    private let path: String

    private static let largestHeader = 100_000_000

    /// Maps the file and checks its header.
    ///
    /// - Throws: ``SafetensorsError`` that names the file and the field when it cannot be read or is inconsistent.
    public init(reading url: URL) throws(SafetensorsError) {
        path = url.path
        func failure(_ reason: String) -> SafetensorsError {
            SafetensorsError(file: url.path, reason: reason)
        }
        guard let mapped = try? Data(contentsOf: url, options: .alwaysMapped) else {
            throw failure("no such file, or it cannot be read")
        }
        data = mapped
        guard data.count >= 8 else {
            throw failure("expected at least 8 bytes of header length, found \(data.count)")
        }
        let length = data.prefix(8).enumerated().reduce(UInt64(0)) {
            $0 | UInt64($1.element) << (8 * $1.offset)
        }
        guard length <= UInt64(Self.largestHeader), 8 + Int(length) <= data.count else {
            throw failure(
                "the header claims \(length) bytes, the file has \(data.count - 8) after the length"
            )
        }
        start = 8 + Int(length)
        guard let header = try? JSONSerialization.jsonObject(with: data[8 ..< start]) as? [String: Any] else {
            throw failure("the header is not a JSON object")
        }
        metadata = header["__metadata__"] as? [String: String] ?? [:]
        var entries: [String: SafetensorsEntry] = [:]
        for (name, value) in header where name != "__metadata__" {
            do throws(EntryError) {
                entries[name] = try Self.entry(value, available: data.count - start)
            } catch {
                throw failure("tensor '\(name)': \(error.reason)")
            }
        }
        var next = 0
        for (name, entry) in entries.sorted(by: {
            ($0.value.range.lowerBound, $0.value.range.upperBound) < (
                $1.value.range.lowerBound, $1.value.range.upperBound
            )
        }) {
            guard entry.range.lowerBound == next else {
                throw failure(
                    "tensor '\(name)': data_offsets start at \(entry.range.lowerBound), expected \(next)"
                )
            }
            next = entry.range.upperBound
        }
        guard next == data.count - start else {
            throw failure("tensors cover \(next) bytes, the file holds \(data.count - start)")
        }
        self.entries = entries
    }

    private struct EntryError: Error {
        let reason: String
    }

    private static func entry(_ value: Any, available: Int) throws(EntryError) -> SafetensorsEntry {
        guard let fields = value as? [String: Any] else { throw EntryError(reason: "expected an object") }
        guard let dtype = fields["dtype"] as? String, let width = SafetensorsEntry.byteCount(of: dtype) else {
            throw EntryError(reason: "unknown dtype \(fields["dtype"] ?? "(absent)")")
        }
        guard let shape = fields["shape"] as? [Int], shape.allSatisfy({ $0 >= 0 }) else {
            throw EntryError(reason: "shape is not a list of sizes: \(fields["shape"] ?? "(absent)")")
        }
        guard let offsets = fields["data_offsets"] as? [Int], offsets.count == 2, offsets[0] >= 0,
            offsets[0] <= offsets[1], offsets[1] <= available
        else {
            throw EntryError(
                reason:
                    "data_offsets \(fields["data_offsets"] ?? "(absent)") do not lie in the file's \(available) bytes"
            )
        }
        var expected = width
        for size in shape {
            let (product, overflow) = expected.multipliedReportingOverflow(by: size)
            guard !overflow else { throw EntryError(reason: "shape \(shape) is too large") }
            expected = product
        }
        guard expected == offsets[1] - offsets[0] else {
            throw EntryError(
                reason:
                    "\(dtype)\(shape) needs \(expected) bytes, data_offsets give \(offsets[1] - offsets[0])"
            )
        }
        return SafetensorsEntry(dtype: dtype, shape: shape, range: offsets[0] ..< offsets[1])
    }

    /// Lends the bytes of the tensor `name`, row-major, directly from the mapped file.
    ///
    /// - Throws: ``SafetensorsError`` when there is none of that name, and the errors of `body`.
    public func withBytes<Result>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
        -> Result
    {
        guard let entry = entries[name] else {
            throw SafetensorsError(file: path, reason: "has no tensor '\(name)'")
        }
        return try data.withUnsafeBytes { bytes in
            try body(
                UnsafeRawBufferPointer(
                    rebasing: bytes[start + entry.range.lowerBound ..< start + entry.range.upperBound]
                )
            )
        }
    }

    /// Lends the bytes of the tensor `name` piece by piece, and gives the memory of each back to the system.
    ///
    /// - Parameters:
    ///   - name: The tensor.
    ///   - size: Bytes of a piece, a multiple of 8; the last one may be smaller.
    ///   - body: Takes a piece and its place in the tensor, in bytes.
    /// - Throws: ``SafetensorsError`` when there is none of that name, and the errors of `body`.
    public func withPieces(
        of name: String,
        size: Int = 1 << 26,
        _ body: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) throws -> Void
    ) throws {
        try withBytes(of: name) { bytes in
            for offset in stride(from: 0, to: bytes.count, by: size) {
                let piece = UnsafeRawBufferPointer(
                    rebasing: bytes[offset ..< min(offset + size, bytes.count)]
                )
                try body(piece, offset)
                Self.release(piece)
            }
        }
    }

    /// Tells the system that the whole pages of `bytes` can be read from the file again, should they be needed.
    private static func release(_ bytes: UnsafeRawBufferPointer) {
        guard let address = bytes.baseAddress else { return }
        let page = Int(getpagesize())
        let start = UInt(bitPattern: address)
        let first = (start + UInt(page) - 1) / UInt(page) * UInt(page)
        let end = (start + UInt(bytes.count)) / UInt(page) * UInt(page)
        guard first < end, let pointer = UnsafeMutableRawPointer(bitPattern: first) else { return }
        madvise(pointer, Int(end - first), MADV_DONTNEED)
    }
}
