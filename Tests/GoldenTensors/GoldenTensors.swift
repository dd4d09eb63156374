public import Foundation
public import NN
internal import Safetensors
public import Torch

/// Tensors that PyTorch computed once, in a file beside the script that made it.
///
/// The scripts compute in double precision and store in single, so a golden is the true value, whatever
/// processor made it.
public struct GoldenTensors {
    /// Largest difference of two tensors, as a fraction of the golden's largest element: single precision, with some
    /// room for sums.
    public static let tolerance = 1e-5

    private let file: SafetensorsFile

    /// Opens `Golden/<name>.safetensors` among the resources of a test target.
    public init(_ name: String, in bundle: Bundle) throws {
        file = try SafetensorsFile(reading: bundle.bundleURL.appending(path: "Golden/\(name).safetensors"))
    }

    /// One tensor.
    ///
    /// - Throws: When there is none of that name.
    public func tensor(_ name: String) throws -> Tensor { try Checkpoint.tensor(name, in: file) }

    /// Fills a module's parameters with the tensors under `prefix`.
    ///
    /// - Throws: ``GoldenError`` when the file has more or fewer there than the module, or of other shapes.
    public func fill(_ parameters: [NamedTensor], from prefix: String) throws {
        let differing = try differences(of: parameters.map(\.name), to: prefix)
        guard differing.isEmpty else { throw GoldenError(description: "\(prefix): \(differing)") }
        try withoutGradients {
            for parameter in parameters {
                let golden = try tensor(prefix + parameter.name)
                guard golden.shape == parameter.tensor.shape else {
                    throw GoldenError(
                        description:
                            "\(prefix)\(parameter.name): expected \(parameter.tensor), found \(golden)"
                    )
                }
                parameter.tensor.copyInPlace(golden)
            }
        }
    }

    /// Says how `found` differs from the tensor `name`; nil where it does not, to ``tolerance``.
    public func difference(of found: Tensor, to name: String) throws -> String? {
        let golden = try tensor(name)
        guard found.shape == golden.shape else { return "\(name): expected \(golden), found \(found)" }
        let largest = golden.to(.float64).abs().max().item
        let error = (found.detached().to(.float64) - golden.to(.float64)).abs().max().item
        return error <= Self.tolerance * largest ? nil : "\(name): off by \(error), largest \(largest)"
    }

    /// Says how the gradients of `parameters` differ from the tensors under `prefix`, one sentence for each that
    /// differs, is missing or is not in the file.
    public func differences(ofGradients parameters: [NamedTensor], to prefix: String) throws -> [String] {
        let present = parameters.filter { $0.tensor.gradient != nil }
        let named = try differences(of: present.map(\.name), to: prefix)
        guard named.isEmpty else { return named }
        return try present.compactMap { parameter in
            try parameter.tensor.gradient.flatMap { try difference(of: $0, to: prefix + parameter.name) }
        }
    }

    /// Says how the tensors differ from those of the same names under `prefix`.
    public func differences(of tensors: [NamedTensor], to prefix: String) throws -> [String] {
        try tensors.compactMap { try difference(of: $0.tensor, to: prefix + $0.name) }
    }

    /// Names under `prefix` that are only in the file or only in `names`.
    private func differences(of names: [String], to prefix: String) throws -> [String] {
        let golden = file.entries.keys.filter { $0.hasPrefix(prefix) }.map {
            String($0.dropFirst(prefix.count))
        }
        return Set(golden).symmetricDifference(names).sorted().map {
            "'\($0)' is only in \(names.contains($0) ? "the model" : "the golden file")"
        }
    }
}

/// A golden file that does not fit the module.
public struct GoldenError: Error, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
