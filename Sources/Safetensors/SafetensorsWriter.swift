public import Foundation
internal import Support

/// One tensor to be written.
public struct SafetensorsTensor: Sendable {
    /// Unique in the file.
    public let name: String

    /// The format's name of the element type, for example `F32`.
    public let dtype: String

    /// Size of every axis.
    public let shape: [Int]

    /// Number of bytes of the elements.
    public let byteCount: Int

    /// Gives the elements, row-major, little-endian.
    public let read: @Sendable () throws -> [UInt8]

    /// Creates a tensor of `shape` whose `byteCount` bytes are made when they are written.
    public init(
        name: String,
        dtype: String,
        shape: [Int],
        byteCount: Int,
        read: @escaping @Sendable () throws -> [UInt8]
    ) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.byteCount = byteCount
        self.read = read
    }

    /// Creates a tensor of `shape` from `bytes`.
    public init(name: String, dtype: String, shape: [Int], bytes: [UInt8]) {
        self.init(name: name, dtype: dtype, shape: shape, byteCount: bytes.count) { bytes }
    }
}

extension SafetensorsFile {
    /// Writes `tensors` in their order, with `metadata`, durably.
    ///
    /// - Throws: ``SafetensorsError`` when a tensor's bytes do not fit its shape or a name occurs twice, the errors of reading
    ///   tensors, or the system's error.
    public static func write(_ tensors: [SafetensorsTensor], metadata: [String: String] = [:], to url: URL)
        throws
    {
        var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
        var offset = 0
        for tensor in tensors {
            let expected = SafetensorsEntry.byteCount(of: tensor.dtype).map { tensor.shape.reduce($0, *) }
            guard expected == tensor.byteCount, header[tensor.name] == nil else {
                throw SafetensorsError(
                    file: url.path,
                    reason:
                        "tensor '\(tensor.name)' occurs twice, or its \(tensor.byteCount) bytes are not "
                        + "\(tensor.dtype)\(tensor.shape)"
                )
            }
            header[tensor.name] =
                [
                    "dtype": tensor.dtype, "shape": tensor.shape,
                    "data_offsets": [offset, offset + tensor.byteCount],
                ] as [String: Any]
            offset += tensor.byteCount
        }
        var json = try JSONSerialization.data(
            withJSONObject: header,
            options: [.sortedKeys, .withoutEscapingSlashes]
        )
        json.append(Data(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
        try DurableFile.write(to: url) { file in
            try file.write(contentsOf: length + json)
            for tensor in tensors {
                let bytes = try tensor.read()
                guard bytes.count == tensor.byteCount else {
                    throw SafetensorsError(
                        file: url.path,
                        reason: "tensor '\(tensor.name)' has \(bytes.count) bytes, not \(tensor.byteCount)"
                    )
                }
                try file.write(contentsOf: Data(bytes))
            }
        }
    }
}
