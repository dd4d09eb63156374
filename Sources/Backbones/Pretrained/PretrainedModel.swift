public import Foundation
public import NN
public import Torch

/// A published model as the backbone of a policy: its architecture, and the folder of its text tokenizer.
public struct PretrainedModel: Sendable {
    /// Folder of the published files; its weights are no part of this.
    public let folder: URL

    /// The publisher's name of the architecture, for example `paligemma`.
    public let modelType: String

    private let published: PublishedConfiguration
    private let backbone: any PretrainedBackbone.Type
    private let shape: @Sendable (_ parameter: String) -> [Int]?

    /// The model in `folder`, with weights.
    ///
    /// - Throws: ``PretrainedError`` for an architecture that is not built.
    public init(_ folder: PretrainedFolder) throws {
        let backbone = try PretrainedBackbones.type(of: folder.configuration)
        let (names, checkpoint) = (try backbone.weightNames(folder.configuration), folder.checkpoint)
        try self.init(folder.url, folder.configuration, backbone) { checkpoint.shape(of: $0, names) }
    }

    /// The model whose configuration and text tokenizer are in `folder`, and whose weights are elsewhere.
    ///
    /// - Parameters:
    ///   - folder: Folder with the published `config.json`.
    ///   - shape: Shape of a parameter, by its own name; nil for one that the weights lack.
    /// - Throws: ``PretrainedError`` for an architecture that is not built.
    public init(in folder: URL, shape: @escaping @Sendable (_ parameter: String) -> [Int]?) throws {
        let published = try PublishedConfiguration(of: folder)
        try self.init(folder, published, PretrainedBackbones.type(of: published), shape)
    }

    private init(
        _ folder: URL,
        _ published: PublishedConfiguration,
        _ backbone: any PretrainedBackbone.Type,
        _ shape: @escaping @Sendable (String) -> [Int]?
    ) throws {
        (self.folder, self.published, self.backbone, self.shape) = (folder, published, backbone, shape)
        modelType = try published.text("model_type") ?? ""
    }

    /// Element type of the published weights; single precision where the configuration names none.
    ///
    /// - Throws: ``PretrainedError``.
    public func dtype() throws -> DType { try published.dtype() ?? .float32 }

    /// Creates the network, its parameters undefined.
    ///
    /// - Parameters:
    ///   - dtype: Element type of the parameters.
    ///   - adapter: Adapters of its linear layers, which change nothing yet; nil for none.
    ///   - device: Device of the parameters.
    /// - Returns: The network.
    /// - Throws: ``PretrainedError``.
    public func makeNetwork(
        dtype: DType,
        adapter: LowRankAdapter.Configuration? = nil,
        device: Device
    ) throws -> any PretrainedBackbone {
        try withAdapters(adapter) { try network(of: backbone, dtype, device) }
    }

    private func network<Network: PretrainedBackbone>(
        of type: Network.Type,
        _ dtype: DType,
        _ device: Device
    ) throws -> any PretrainedBackbone {
        let configuration = try type.configuration(published, shape: shape)
        return withParameters(of: dtype, initialized: false) { type.init(configuration, device: device) }
    }

    /// Creates what turns observations into the network's inputs.
    ///
    /// - Throws: ``PretrainedError`` and the errors of text tokenizers.
    public func makeProcessor(_ settings: ProcessorSettings) throws -> any InputProcessor {
        try processor(of: backbone, settings)
    }

    private func processor<Network: PretrainedBackbone>(
        of type: Network.Type,
        _ settings: ProcessorSettings
    ) throws -> any InputProcessor {
        try type.makeProcessor(folder, type.configuration(published, shape: shape), settings)
    }
}

extension PretrainedBackbone {
    /// Fills the parameters, those of adapters excepted, from a published model.
    ///
    /// - Throws: `CheckpointError`, and ``PretrainedError``.
    public func load(_ folder: PretrainedFolder) throws {
        let names = try Self.weightNames(folder.configuration)
        try folder.checkpoint.load(tensors.filter { !$0.isOfAdapter }, names: names)
    }
}
