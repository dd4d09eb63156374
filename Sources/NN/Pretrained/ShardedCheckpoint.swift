public import Foundation
internal import Safetensors
internal import Torch

/// A published checkpoint: all safetensors files of a folder, mapped into memory.
///
/// An index (`model.safetensors.index.json`) is not read, as some leave files out.
public struct ShardedCheckpoint: Sendable {
    private struct Location {
        let file: SafetensorsFile
        let url: URL
        let entry: SafetensorsEntry
    }

    /// Folder of the files.
    public let folder: URL

    private let tensors: [String: Location]

    /// Maps the files of `folder` and checks their headers.
    ///
    /// - Throws: ``CheckpointError`` when there are none, or a tensor is in two of them; `SafetensorsError`.
    public init(reading folder: URL) throws {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "safetensors" }
            .sorted { $0.path < $1.path }
        guard !files.isEmpty else {
            throw CheckpointError(file: folder.path, problems: ["expected *.safetensors files, found none"])
        }
        try self.init(files, of: folder)
    }

    /// Maps one file and checks its header, in a folder with safetensors files of other things, too.
    ///
    /// - Throws: `SafetensorsError`.
    public init(file: URL) throws {
        try self.init([file], of: file.deletingLastPathComponent())
    }

    private init(_ files: [URL], of folder: URL) throws {
        self.folder = folder
        var tensors: [String: Location] = [:]
        for url in files {
            let file = try SafetensorsFile(reading: url)
            for (name, entry) in file.entries {
                if let other = tensors[name] {
                    let problem = "'\(name)' is in \(other.url.lastPathComponent), too"
                    throw CheckpointError(file: url.path, problems: [problem])
                }
                tensors[name] = Location(file: file, url: url, entry: entry)
            }
        }
        self.tensors = tensors
    }

    /// Shape of the parameter `name`, of all its parts together; nil where the files have none.
    public func shape(of name: String, _ names: WeightNames) -> [Int]? {
        let parts = tensors.filter { published, _ in
            if case .part(name, _) = names.meaning(of: published) { true } else { false }
        }
        return Self.stacked(parts.map(\.value.entry.shape))
    }

    /// Fills `parameters` from the files, converted to their element types.
    ///
    /// Tensors are read piece by piece, so that little memory is needed beside the parameters'.
    ///
    /// - Throws: ``CheckpointError`` that lists every missing, unknown or differently shaped tensor, and every one with
    ///   numbers that are not finite.
    public func load(_ parameters: [NamedTensor], names: WeightNames) throws {
        var problems: [String] = []
        var parts = parts(of: names, problems: &problems)
        var plan: [(published: String, target: Tensor)] = []
        for parameter in parameters {
            guard let own = parts.removeValue(forKey: parameter.name) else {
                problems.append("'\(parameter.name)' is missing")
                continue
            }
            let shapes = own.compactMap { tensors[$0]?.entry.shape }
            guard Self.stacked(shapes) == parameter.tensor.shape else {
                let found = zip(own, shapes).map { "\($1) in '\($0)'" }.joined(separator: ", ")
                problems.append("'\(parameter.name)': expected \(parameter.tensor.shape), found \(found)")
                continue
            }
            var row = 0
            for (name, shape) in zip(own, shapes) {
                let target =
                    own.count == 1
                    ? parameter.tensor : parameter.tensor.narrowed(0, from: row, count: shape[0])
                plan.append((name, target))
                row += shape.first ?? 0
            }
        }
        problems += parts.values.joined().sorted().map { "'\($0)' is not a part of this model" }
        guard problems.isEmpty else { throw CheckpointError(file: folder.path, problems: problems) }
        for (name, target) in plan {
            if try !fill(target, with: name) {
                problems.append("'\(name)' holds numbers that are not finite")
            }
        }
        guard problems.isEmpty else { throw CheckpointError(file: folder.path, problems: problems) }
    }

    /// Published names of every parameter's parts, in the order of the table.
    private func parts(of names: WeightNames, problems: inout [String]) -> [String: [String]] {
        var parts: [String: [(row: Int, published: String)]] = [:]
        for published in tensors.keys.sorted() {
            switch names.meaning(of: published) {
            case .part(let name, let row): parts[name, default: []].append((row, published))
            case .dropped: break
            case .unknown: problems.append("'\(published)' is not a part of this model")
            }
        }
        return parts.mapValues { found in
            Dictionary(grouping: found, by: \.row).sorted { $0.key < $1.key }.compactMap { _, same in
                if same.count > 1 {
                    let list = same.map { "'\($0.published)'" }.joined(separator: " and ")
                    problems.append("\(list) are the same tensor")
                }
                return same.first?.published
            }
        }
    }

    /// Shape of tensors stacked along their first axis; nil for tensors that cannot be.
    private static func stacked(_ shapes: [[Int]]) -> [Int]? {
        guard shapes.count > 1 else { return shapes.first }
        guard Set(shapes.map { $0.dropFirst() }).count == 1, shapes.allSatisfy({ !$0.isEmpty }) else {
            return nil
        }
        return [shapes.reduce(0) { $0 + $1[0] }] + shapes[0].dropFirst()
    }

    /// Overwrites `target` with the tensor `name`.
    ///
    /// - Returns: False if it holds numbers that are not finite.
    private func fill(_ target: Tensor, with name: String) throws -> Bool {
        guard let location = tensors[name] else { return true }
        let entry = location.entry
        guard let dtype = DType(safetensorsName: entry.dtype) else {
            throw CheckpointError(
                file: location.url.path,
                problems: ["'\(name)': expected an element type that libtorch has, found \(entry.dtype)"]
            )
        }
        let flat = target.reshaped(-1)
        var isFinite = true
        try withoutGradients {
            try location.file.withPieces(of: name) { bytes, offset in
                let count = bytes.count / dtype.byteCount
                let piece = Tensor(bytes: bytes, dtype: dtype, shape: [count])
                isFinite = isFinite && piece.isFinite().all().item == 1
                flat.narrowed(0, from: offset / dtype.byteCount, count: count).copyInPlace(piece)
            }
        }
        return isFinite
    }
}
