internal import Backbones
internal import Foundation
internal import NN
internal import Safetensors
internal import Torch

/// Inputs and outputs of a peer: `VARIANT/input.NAME` and `VARIANT/output.NAME` of `reference/tensors.safetensors`.
struct Reference {
    private let file: SafetensorsFile

    init(in folder: URL) throws {
        file = try SafetensorsFile(reading: folder.appending(path: "reference/tensors.safetensors"))
    }

    /// Inputs that the peer was given.
    var variants: [String] {
        Set(file.entries.keys.compactMap { $0.split(separator: "/").first.map(String.init) }).sorted()
    }

    /// Names of a variant's outputs.
    func outputs(of variant: String) -> [String] {
        let prefix = "\(variant)/output."
        return file.entries.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
            .sorted()
    }

    func output(_ name: String, of variant: String) throws -> Tensor {
        try Checkpoint.tensor("\(variant)/output.\(name)", in: file)
    }

    /// The input as backbones read it; tokens of padding are masked, if there are any.
    func input(of variant: String) throws -> PrefixInput {
        func tensor(_ name: String) throws -> Tensor? {
            let whole = "\(variant)/input.\(name)"
            return file.entries[whole] == nil ? nil : try Checkpoint.tensor(whole, in: file)
        }
        guard let tokens = try tensor("tokens") else {
            throw PretrainedError(file: variant, reason: "has no input 'tokens'")
        }
        let mask = try tensor("tokenMask")
        var input = PrefixInput(
            images: try tensor("images").map { [$0] } ?? [],
            tokens: tokens,
            tokenMask: mask.flatMap { $0.all().item == 1 ? nil : $0 }
        )
        input.isSuffix = try tensor("isSuffix").flatMap { $0.to(.int64).sum().item == 0 ? nil : $0 }
        if let grids = try tensor("grids") {
            let values = grids.integers
            input.grids = (0 ..< grids.size(0)).map {
                let row = Array(values[$0 * grids.size(1) ..< ($0 + 1) * grids.size(1)].suffix(2))
                return ImageGrid(rows: row[0], columns: row[1])
            }
        }
        return input
    }
}
