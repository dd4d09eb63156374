public import Foundation
public import NN
internal import Torch

extension PolicyFolder {
    /// Writes the policy in `folder` with the weights of its linear layers in whole numbers.
    ///
    /// Embeddings, norms and heads are kept. The result holds all weights itself, for inference.
    ///
    /// - Parameters:
    ///   - folder: Folder of a policy on a published model.
    ///   - loaded: Its parts, where they are loaded already.
    ///   - quantization: Kind of whole numbers.
    ///   - target: Folder to write.
    ///   - progress: Called with the number of parameters done, and of all.
    /// - Returns: Errors of the weights.
    /// - Throws: ``PolicyFolderError`` for a policy on another backbone, with adapters, or quantized already; the errors of
    ///   loading, and the system's.
    public static func quantize(
        _ folder: URL,
        loaded: Parts? = nil,
        as quantization: WeightQuantization,
        to target: URL,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> QuantizationReport {
        var configuration = try quantizable(folder)
        let robot = configuration.mixture?.embodiments.first?.name
        let parts = try loaded ?? parts(of: folder, embodiment: robot, device: .cpu)
        configuration.quantization = quantization
        let network = try FASTerVLANetwork(configuration, parts.model, device: .cpu)

        let weights = Dictionary(uniqueKeysWithValues: parts.network.tensors.map { ($0.name, $0.tensor) })
        let targets = Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.tensor) })
        let total = weights.values.reduce(0) { $0 + $1.count }
        var report = QuantizationReport(bits: quantization.bits)
        var done = 0
        progress(0, total)
        for named in network.tensors where !named.isWeightScale {
            guard let weight = weights[named.name] else { continue }
            withoutGradients {
                let layer = named.name.split(separator: ".").dropLast().joined(separator: ".")
                if named.tensor.dtype.isFloatingPoint {
                    named.tensor.copyInPlace(weight)
                    report.add(kept: weight)
                } else if let scales = targets[layer + ".weightScale"] {
                    let quantized = QuantizedWeight(quantizing: weight, as: quantization)
                    named.tensor.copyInPlace(quantized.wholes)
                    scales.copyInPlace(quantized.scales)
                    report.add(layer, quantized, of: weight)
                }
            }
            done += weight.count
            progress(done, total)
        }
        try save(network.tensors, configuration, parts.model, asIn: folder, to: target)
        return report
    }

    /// The configuration of the policy in `folder`, all of whose weights the policy is going to keep itself.
    private static func quantizable(_ folder: URL) throws -> PolicyConfiguration {
        var configuration = try configuration(of: folder)
        func refusal(_ reason: String) -> PolicyFolderError {
            PolicyFolderError(file: folder.appending(path: configurationFile).path, reason: reason)
        }
        guard case .pretrained(var backbone) = configuration.backbone else {
            throw refusal(
                "backbone: expected 'pretrained', a published model, found 'compact', which is small as it is"
            )
        }
        guard backbone.adapter == nil else {
            throw refusal(
                "backbone.pretrained.adapter: expected none; 'faster policy merge' adds adapters to the weights"
            )
        }
        if let quantization = configuration.quantization {
            throw refusal("quantization: expected none, found '\(quantization.rawValue)'")
        }
        backbone.isFrozen = false
        configuration.backbone = .pretrained(backbone)
        return configuration
    }
}
