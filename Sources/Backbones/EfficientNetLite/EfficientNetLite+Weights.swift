public import Foundation
internal import NN
internal import Safetensors
internal import Torch

extension EfficientNetLite {
    /// Added to the variances of batch normalization.
    private static let epsilon = 1e-3

    /// Fills the network, in place, with weights by the names of the package efficientnet-lite-pytorch 0.1.0; its
    /// batch normalizations are folded into the convolutions.
    ///
    /// Weights of stages and classes that the network lacks are passed over.
    ///
    /// - Throws: `CheckpointError` that lists every missing or differently shaped tensor, and `SafetensorsError` when the file
    ///   is broken. Nothing is changed then.
    public func load(from file: URL) throws {
        let reader = WeightReader(try SafetensorsFile(reading: file), file)
        try withoutGradients {
            let folded = layers.map { layer in
                reader.folded(layer.convolution, layer.weight, layer.normalization)
            }
            let classifier = (head?.classifier.tensors ?? []).map { named in
                (named.tensor, reader.tensor("_fc.\(named.name)", shape: named.tensor.shape))
            }
            try reader.finish()
            for (layer, tensors) in zip(layers, folded) {
                guard let tensors else { continue }
                layer.convolution.weight.copyInPlace(tensors.weight)
                layer.convolution.bias.copyInPlace(tensors.bias)
            }
            for case (let target, let source?) in classifier { target.copyInPlace(source) }
        }
    }

    /// Every convolution with the names of its weight and of the batch normalization after it.
    private var layers: [(convolution: SamePaddedConvolution, weight: String, normalization: String)] {
        var layers = [(stem, "_conv_stem", "_bn0")]
        for (index, block) in blocks.enumerated() {
            let names = [("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
            // The blocks of the first stage do not expand.
            let own = names.suffix(block.convolutions.count)
            layers += zip(block.convolutions, own).map {
                ($0, "_blocks.\(index).\($1.0)", "_blocks.\(index).\($1.1)")
            }
        }
        return layers + (head.map { [($0.convolution, "_conv_head", "_bn1")] } ?? [])
    }

    /// Reads tensors, and remembers what is wrong with them.
    private final class WeightReader {
        private let file: SafetensorsFile
        private let url: URL
        private var problems: [String] = []

        init(_ file: SafetensorsFile, _ url: URL) { (self.file, self.url) = (file, url) }

        /// The tensor `name`; nil where it is missing or has another shape or type.
        func tensor(_ name: String, shape: [Int]) -> Tensor? {
            guard let entry = file.entries[name] else {
                problems.append("'\(name)' is missing")
                return nil
            }
            guard entry.dtype == "F32", entry.shape == shape else {
                problems.append("'\(name)': expected F32\(shape), found \(entry.dtype)\(entry.shape)")
                return nil
            }
            do { return try Checkpoint.tensor(name, in: file, at: url) } catch {
                problems.append("'\(name)': \(error)")
                return nil
            }
        }

        /// Weight and bias of a convolution with the batch normalization after it.
        func folded(_ convolution: SamePaddedConvolution, _ name: String, _ normalization: String) -> (
            weight: Tensor, bias: Tensor
        )? {
            let channels = convolution.bias.shape
            let weight = tensor("\(name).weight", shape: convolution.weight.shape)
            let statistics = ["weight", "bias", "running_mean", "running_var"].map {
                tensor("\(normalization).\($0)", shape: channels)
            }
            guard let weight, let scale = statistics[0], let shift = statistics[1], let mean = statistics[2],
                let variance = statistics[3]
            else { return nil }
            let factor = scale / (variance + EfficientNetLite.epsilon).sqrt()
            return (weight * factor.reshaped(-1, 1, 1, 1), shift - mean * factor)
        }

        func finish() throws(CheckpointError) {
            guard problems.isEmpty else { throw CheckpointError(file: url.path, problems: problems) }
        }
    }
}
