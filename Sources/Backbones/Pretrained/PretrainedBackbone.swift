public import Foundation
public import NN
public import Torch

/// A backbone with published weights.
public protocol PretrainedBackbone: Backbone {
    /// `model_type` of the published configurations that it reads.
    static var modelTypes: [String] { get }

    /// The architecture.
    associatedtype Configuration: Equatable, Sendable

    /// Published names of the parameters of a model with this `config.json`.
    ///
    /// - Throws: ``PretrainedError``.
    static func weightNames(_ published: PublishedConfiguration) throws(PretrainedError) -> WeightNames

    /// Reads a published configuration.
    ///
    /// - Parameters:
    ///   - published: `config.json`.
    ///   - shape: Shape of a parameter in the files, by its own name; nil for one that they lack. Some sizes, and whether
    ///     the output head has weights of its own, are better read off the tensors.
    /// - Returns: The architecture.
    /// - Throws: ``PretrainedError``.
    static func configuration(
        _ published: PublishedConfiguration,
        shape: (_ parameter: String) -> [Int]?
    ) throws -> Configuration

    /// Creates a network with random weights from libtorch's generator.
    init(_ configuration: Configuration, device: Device)

    /// Observations as inputs of the network.
    ///
    /// - Parameters:
    ///   - folder: Folder with the published text tokenizer and `preprocessor_config.json`, without weights where it is
    ///     that of a policy.
    ///   - configuration: The architecture.
    ///   - settings: The robot's cameras and state.
    /// - Returns: The processor.
    /// - Throws: The errors of text tokenizers, and ``PretrainedError``.
    static func makeProcessor(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> any InputProcessor

    /// Embeddings of words, int64 `[B, L]`, as the decoder's layers read them: `[B, L, width]`.
    func embeddings(ofWords tokens: Tensor) -> Tensor

    /// Scores of every token of the vocabulary, of features `[B, L, width]`: `[B, L, vocabulary]`.
    func logits(of features: Tensor) -> Tensor

    /// One forward over whole prompts, with every intermediate result that peers have, too.
    ///
    /// | name | tensor |
    /// |---|---|
    /// | `vision` | output of the vision encoder, `[images, patches, channels]` |
    /// | `projector` | image tokens, `[images, tokens, width]` |
    /// | `positions` | of backbones with a ``PromptLayout`` |
    /// | `hidden.0` ... | input of every layer, `[B, L, width]`; the last one is the normalized output |
    /// | `keys.0`, `values.0` ... | of every layer, `[B, G, L, E]` |
    /// | `logits` | `[B, L, vocabulary]` |
    ///
    /// - Parameters:
    ///   - input: Prompts.
    ///   - record: Takes a name and its tensor.
    func trace(_ input: PrefixInput, record: (_ name: String, _ tensor: Tensor) -> Void)
}

extension PretrainedBackbone {
    /// Reads architecture and weights.
    ///
    /// - Parameters:
    ///   - folder: The published model.
    ///   - dtype: Element type of the parameters; nil for that of the published ones.
    ///   - device: Device of the parameters.
    /// - Throws: ``PretrainedError`` and the errors of checkpoints.
    public init(_ folder: PretrainedFolder, dtype: DType? = nil, device: Device) throws {
        let checkpoint = folder.checkpoint
        let names = try Self.weightNames(folder.configuration)
        let configuration = try Self.configuration(folder.configuration) { checkpoint.shape(of: $0, names) }
        let published = try folder.configuration.dtype()
        self = withParameters(of: dtype ?? published ?? .float32, initialized: false) {
            Self(configuration, device: device)
        }
        try checkpoint.load(tensors, names: names)
    }
}

/// The robot's part of a pretrained backbone's ``InputProcessor``.
public struct ProcessorSettings: Codable, Equatable, Sendable {
    /// Number of cameras.
    public var cameraCount: Int

    /// Number of bins of a state value.
    public var stateBins = 256

    /// Size of every camera's image where the published image processor reads it as recorded; nil where images arrive in the size
    /// of the vision encoder.
    public var recordedSizes: [ImageSize]?

    /// Inputs of a robot with `cameraCount` cameras, whose images arrive in the size of the vision encoder.
    public init(cameraCount: Int) { self.cameraCount = cameraCount }

    /// Inputs of a robot whose cameras' images arrive in these sizes, for the published image processor.
    public init(recordedSizes: [ImageSize]) {
        (cameraCount, self.recordedSizes) = (recordedSizes.count, recordedSizes)
    }
}

/// The backbones with published weights.
public enum PretrainedBackbones {
    /// Every one, a type each.
    public static let all: [any PretrainedBackbone.Type] = [
        PaliGemma.self, SmolVLM.self, InternVL.self, Qwen25VL.self,
    ]

    /// Opens a published model.
    ///
    /// - Parameters:
    ///   - folder: The published model.
    ///   - dtype: Element type of the parameters; nil for that of the published ones.
    ///   - device: Device of the parameters.
    /// - Returns: The backbone.
    /// - Throws: ``PretrainedError`` for an architecture that is not built, and when the folder does not fit it.
    public static func open(
        _ folder: PretrainedFolder,
        dtype: DType? = nil,
        device: Device
    ) throws -> any PretrainedBackbone {
        let backbone = try type(of: folder.configuration)
        return try backbone.init(folder, dtype: dtype, device: device)
    }

    /// The backbone that reads a published configuration.
    ///
    /// - Throws: ``PretrainedError`` for an architecture that is not built.
    static func type(of published: PublishedConfiguration) throws(PretrainedError)
        -> any PretrainedBackbone.Type
    {
        let type = try published.text("model_type") ?? ""
        if let backbone = all.first(where: { $0.modelTypes.contains(type) }) { return backbone }
        let known = all.flatMap { $0.modelTypes }.joined(separator: ", ")
        throw published.error("model_type", expected: "one of \(known)", found: "'\(type)'")
    }
}
