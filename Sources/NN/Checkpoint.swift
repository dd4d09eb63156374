public import Foundation
public import Safetensors
public import Torch

/// Tensors on disk, as safetensors.
public enum Checkpoint {
    /// Writes `tensors` durably, with free-text `metadata`.
    public static func save(_ tensors: [NamedTensor], metadata: [String: String] = [:], to url: URL) throws {
        let entries = tensors.map { named in
            SafetensorsTensor(
                name: named.name,
                dtype: named.tensor.dtype.safetensorsName,
                shape: named.tensor.shape,
                bytes: named.tensor.bytes
            )
        }
        try SafetensorsFile.write(entries, metadata: metadata, to: url)
    }

    /// Fills `tensors`, in place, from the file.
    ///
    /// - Throws: ``CheckpointError`` that lists every missing, unknown or differently shaped tensor and every one with a number
    ///   that is not finite, as a training leaves that went astray, and `SafetensorsError` when the file itself is broken.
    ///   Nothing is changed then.
    public static func load(_ tensors: [NamedTensor], from url: URL) throws {
        let file = try SafetensorsFile(reading: url)
        let known = Set(tensors.map(\.name))
        var problems = file.entries.keys.filter { !known.contains($0) }.sorted().map {
            "'\($0)' is not a part of this model"
        }
        for named in tensors {
            guard let entry = file.entries[named.name] else {
                problems.append("'\(named.name)' is missing")
                continue
            }
            let (dtype, shape) = (named.tensor.dtype.safetensorsName, named.tensor.shape)
            if entry.dtype != dtype || entry.shape != shape {
                problems.append(
                    "'\(named.name)': expected \(dtype)\(shape), found \(entry.dtype)\(entry.shape)"
                )
            }
        }
        guard problems.isEmpty else { throw CheckpointError(file: url.path, problems: problems) }
        try withoutGradients {
            // Read twice, so that one tensor at a time lies in memory beside the model.
            for named in tensors where try tensor(named.name, in: file, at: url).isFinite().all().item == 0 {
                problems.append("'\(named.name)' holds numbers that are not finite")
            }
            guard problems.isEmpty else { throw CheckpointError(file: url.path, problems: problems) }
            for named in tensors { named.tensor.copyInPlace(try tensor(named.name, in: file, at: url)) }
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
