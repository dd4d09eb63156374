internal import Backbones
public import Foundation
internal import NN
internal import RobotTypes
internal import Support
internal import Torch

extension PolicyFolder {
    /// Writes the policy in `folder` with the changes of its adapters added to the weights.
    ///
    /// The sums are rounded to the published element type, which adapters beside the weights are not.
    ///
    /// - Parameters:
    ///   - folder: Folder of a policy with adapters.
    ///   - target: Folder to write.
    /// - Throws: ``PolicyFolderError`` for a policy without adapters, the errors of loading, and the system's.
    public static func mergeAdapters(of folder: URL, to target: URL) throws {
        var configuration = try configuration(of: folder)
        guard case .pretrained(var backbone) = configuration.backbone, backbone.adapter != nil else {
            throw PolicyFolderError(
                file: folder.appending(path: configurationFile).path,
                reason:
                    "backbone.pretrained.adapter: is missing: the policy was not trained with 'backbone.training: lora'"
            )
        }
        let robot = configuration.mixture?.embodiments.first?.name
        let parts = try parts(of: folder, embodiment: robot, device: .cpu)
        parts.network.backbone.mergeAdapters()
        (backbone.adapter, backbone.isFrozen) = (nil, false)
        configuration.backbone = .pretrained(backbone)

        try save(
            parts.network.tensors.filter { !$0.isOfAdapter },
            configuration,
            parts.model,
            asIn: folder,
            to: target
        )
    }

    /// Writes a policy of other weights than that in `folder`, everything else as there.
    static func save(
        _ tensors: [NamedTensor],
        _ configuration: PolicyConfiguration,
        _ model: PretrainedModel?,
        asIn folder: URL,
        to target: URL
    ) throws {
        guard target.resolvingSymlinksInPath().path != folder.resolvingSymlinksInPath().path else {
            throw PolicyFolderError(file: target.path, reason: "is the policy's own folder; write to another")
        }
        let files = FileManager.default
        try files.createDirectory(at: target, withIntermediateDirectories: true)
        for name in [NormalizationSet.fileName, tokenizerFolder] {
            let source = folder.appending(path: name)
            guard files.fileExists(atPath: source.path) else { continue }
            try? files.removeItem(at: target.appending(path: name))
            try files.copyItem(at: source, to: target.appending(path: name))
        }
        try model?.save(to: target.appending(path: backboneFolder), withWeights: false)
        try Checkpoint.save(tensors, to: target.appending(path: weightsFile))
        try DurableFile.writeJSON(configuration, to: target.appending(path: configurationFile))
    }
}
