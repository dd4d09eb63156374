public import Backbones
internal import Foundation
public import NN
public import Torch

// The published backbone in a policy's folder.
extension FASTerVLANetwork {
    /// Creates a network with random weights; those of a published backbone, and of a quantized policy, are undefined.
    ///
    /// - Parameters:
    ///   - configuration: Architecture of a policy.
    ///   - model: Its published backbone; nil for the compact one.
    ///   - device: Device of the parameters.
    /// - Throws: The errors of published models.
    public init(_ configuration: PolicyConfiguration, _ model: PretrainedModel? = nil, device: Device) throws
    {
        let make = {
            FASTerVLANetwork(
                backbone: try configuration.backbone.makeBackbone(model, device: device),
                expert: configuration.expert,
                head: configuration.head,
                device: device
            )
        }
        guard let quantization = configuration.quantization else {
            self = try make()
            return
        }
        self = try withParameters(initialized: false) { try withQuantizedWeights(quantization, make) }
    }

    /// Tensors of the file of weights: all but those of a published backbone that is kept as it is.
    public func ownTensors(_ configuration: PolicyConfiguration) -> [NamedTensor] {
        guard configuration.backbone.isFrozen else { return tensors }
        return tensors.filter { !$0.name.hasPrefix("backbone.") || $0.isOfAdapter }
    }
}

extension PolicyConfiguration.BackboneConfiguration {
    /// True for a published backbone whose weights are kept as they are.
    var isFrozen: Bool {
        if case .pretrained(let configuration) = self { configuration.isFrozen } else { false }
    }

    /// Opens the published backbone of a policy, if it has one.
    ///
    /// - Parameters:
    ///   - folder: The policy's folder of published files.
    ///   - weights: The policy's file of weights, with those of a backbone that was trained.
    ///   - make: Creates the network.
    /// - Returns: The network, a frozen backbone's weights in it, and the backbone.
    /// - Throws: ``PolicyFolderError`` for a backbone of another architecture; the errors of published models and checkpoints.
    func openPublished(
        in folder: URL,
        weights: URL,
        _ make: (PretrainedModel?) throws -> FASTerVLANetwork
    ) throws -> (FASTerVLANetwork, PretrainedModel?) {
        guard case .pretrained(let configuration) = self else { return (try make(nil), nil) }
        func check(_ model: PretrainedModel) throws {
            guard model.modelType != configuration.modelType else { return }
            throw PolicyFolderError(
                file: folder.appending(path: "config.json").path,
                reason:
                    "the policy's backbone is a '\(configuration.modelType)', this one a '\(model.modelType)'"
            )
        }
        guard configuration.isFrozen else {
            let shapes = try Checkpoint.shapes(in: weights)
            let model = try PretrainedModel(in: folder) { shapes["backbone.\($0)"] }
            try check(model)
            return (try make(model), model)
        }
        let published = try PretrainedFolder(url: folder)
        let model = try PretrainedModel(published)
        try check(model)
        let network = try make(model)
        try (network.backbone as? any PretrainedBackbone)?.load(published)
        return (network, model)
    }
}

extension PretrainedModel {
    /// Puts the published files into `folder`: copies of configuration and text tokenizer and, if asked for, the weights, as
    /// links to the same data where the file system can.
    ///
    /// - Throws: The system's error.
    func save(to folder: URL, withWeights: Bool) throws {
        let files = FileManager.default
        // The published files themselves, where a policy is written over the one that they are of.
        guard folder.resolvingSymlinksInPath() != self.folder.resolvingSymlinksInPath() else { return }
        try? files.removeItem(at: folder)
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in try files.contentsOfDirectory(at: self.folder, includingPropertiesForKeys: nil) {
            let target = folder.appending(path: file.lastPathComponent)
            // The Hub's cache consists of symbolic links.
            let source = file.resolvingSymlinksInPath()
            switch file.pathExtension {
            case "json" where !file.lastPathComponent.hasSuffix(".safetensors.index.json"), "model", "txt",
                "jinja":
                try files.copyItem(at: source, to: target)
            case "safetensors" where withWeights:
                do { try files.linkItem(at: source, to: target) } catch {
                    try files.copyItem(at: source, to: target)
                }
            default: break
            }
        }
    }
}
