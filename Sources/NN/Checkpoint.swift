public import Foundation
public import Safetensors
public import Torch

/// Tensors on disk, as safetensors.
public enum Checkpoint {
    /// Writes `tensors` durably, with free-text `metadata`.
    public static func save(_ tensors: [NamedTensor], metadata: [String: String] = [:], to url: URL) throws {
        try save(tensors.map(CheckpointEntry.init), metadata: metadata, to: url)
    }

    /// Writes `entries` durably, one after the other, with free-text `metadata`.
    ///
    /// - Throws: What an entry's `read` throws, and the system's error.
    public static func save(
        _ entries: [CheckpointEntry],
        metadata: [String: String] = [:],
        to url: URL
    ) throws {
        let tensors = entries.map { entry in
            SafetensorsTensor(
                name: entry.name,
                dtype: entry.dtype.safetensorsName,
                shape: entry.shape,
                byteCount: entry.shape.reduce(entry.dtype.byteCount, *),
                read: { try entry.read().bytes }
            )
        }
        try SafetensorsFile.write(tensors, metadata: metadata, to: url)
    }

    /// Fills `tensors`, in place, from the file.
    ///
    /// - Throws: ``CheckpointError`` that lists every missing, unknown or differently shaped tensor and every one with a number
    ///   that is not finite, as a training leaves that went astray, and `SafetensorsError` when the file itself is broken.
    ///   Nothing is changed then.
    public static func load(_ tensors: [NamedTensor], from url: URL) throws {
        try load(tensors.map(CheckpointEntry.init), from: url)
    }

    /// Fills `entries`, one after the other, from the file.
    ///
    /// - Throws: As for tensors, and what an entry's `fill` throws.
    public static func load(_ entries: [CheckpointEntry], from url: URL) throws {
        let file = try SafetensorsFile(reading: url)
        let known = Set(entries.map(\.name))
        var problems = file.entries.keys.filter { !known.contains($0) }.sorted().map {
            "'\($0)' is not a part of this model"
        }
        for wanted in entries {
            guard let entry = file.entries[wanted.name] else {
                problems.append("'\(wanted.name)' is missing")
                continue
            }
            let dtype = wanted.dtype.safetensorsName
            if entry.dtype != dtype || entry.shape != wanted.shape {
                problems.append(
                    "'\(wanted.name)': expected \(dtype)\(wanted.shape), found \(entry.dtype)\(entry.shape)"
                )
            }
        }
        guard problems.isEmpty else { throw CheckpointError(file: url.path, problems: problems) }
        try withoutGradients {
            // Read twice, so that one tensor at a time lies in memory beside the model.
            for entry in entries where try tensor(entry.name, in: file, at: url).isFinite().all().item == 0 {
                problems.append("'\(entry.name)' holds numbers that are not finite")
            }
            guard problems.isEmpty else { throw CheckpointError(file: url.path, problems: problems) }
            for entry in entries { try entry.fill(try tensor(entry.name, in: file, at: url)) }
        }
    }

    /// Shapes of the tensors in the file, by their names.
    ///
    /// - Throws: `SafetensorsError` when the file is broken.
    public static func shapes(in url: URL) throws -> [String: [Int]] {
        try SafetensorsFile(reading: url).entries.mapValues(\.shape)
    }

    /// Reads one tensor to the CPU.
    ///
    /// - Parameters:
    ///   - name: The tensor's name in the file.
    ///   - file: The opened file.
    ///   - url: Location of the file, named in errors.
    /// - Returns: The tensor.
    /// - Throws: `SafetensorsError` when there is none, ``CheckpointError`` for a type that libtorch lacks.
    public static func tensor(_ name: String, in file: SafetensorsFile, at url: URL? = nil) throws -> Tensor {
        try file.withBytes(of: name) { bytes in
            guard let entry = file.entries[name], let dtype = DType(safetensorsName: entry.dtype) else {
                let found = file.entries[name]?.dtype ?? "none"
                throw CheckpointError(
                    file: url?.path ?? "checkpoint",
                    problems: ["'\(name)': expected an element type that libtorch has, found \(found)"]
                )
            }
            return Tensor(bytes: bytes, dtype: dtype, shape: entry.shape)
        }
    }
}

/// A tensor of a checkpoint, which need not lie in memory as a whole.
public struct CheckpointEntry: Sendable {
    /// Name in the file.
    public let name: String

    /// Type of the elements.
    public let dtype: DType

    /// Size of every axis.
    public let shape: [Int]

    /// Gives the tensor, to be written.
    public let read: @Sendable () throws -> Tensor

    /// Takes the tensor that was read, on the CPU.
    public let fill: @Sendable (Tensor) throws -> Void

    /// An entry by its functions.
    public init(
        name: String,
        dtype: DType,
        shape: [Int],
        read: @escaping @Sendable () throws -> Tensor,
        fill: @escaping @Sendable (Tensor) throws -> Void
    ) {
        (self.name, self.dtype, self.shape) = (name, dtype, shape)
        (self.read, self.fill) = (read, fill)
    }

    /// A tensor in memory.
    public init(_ named: NamedTensor) {
        self.init(
            name: named.name,
            dtype: named.tensor.dtype,
            shape: named.tensor.shape,
            read: { named.tensor },
            fill: { named.tensor.copyInPlace($0) }
        )
    }
}

/// A checkpoint that does not fit the model.
public struct CheckpointError: Error, Equatable, CustomStringConvertible {
    /// Path of the file.
    public let file: String

    /// One sentence for every tensor that does not fit.
    public let problems: [String]

    /// An error of `file`.
    package init(file: String, problems: [String]) { (self.file, self.problems) = (file, problems) }

    /// The file and the first problems.
    public var description: String {
        let listed = problems.prefix(8).joined(separator: "; ")
        return "\(file): " + listed + (problems.count > 8 ? "; and \(problems.count - 8) more" : "")
    }
}

extension DType {
    /// The name of the type in the safetensors format.
    public var safetensorsName: String {
        switch self {
        case .uint8: "U8"
        case .int8: "I8"
        case .int16: "I16"
        case .int32: "I32"
        case .int64: "I64"
        case .float16: "F16"
        case .float32: "F32"
        case .float64: "F64"
        case .bool: "BOOL"
        case .bfloat16: "BF16"
        }
    }

    /// The type of that name, or nil where libtorch has none.
    public init?(safetensorsName name: String) {
        guard let dtype = DType.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
        self = dtype
    }
}
