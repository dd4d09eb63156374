public import Torch

/// A backbone with published weights.
public protocol PretrainedBackbone: Backbone {
    /// `model_type` of the published configurations that it reads.
    static var modelTypes: [String] { get }

    /// Reads architecture and weights.
    ///
    /// - Parameters:
    ///   - folder: The published model.
    ///   - dtype: Element type of the parameters; nil for that of the published ones.
    ///   - device: Device of the parameters.
    /// - Throws: ``PretrainedError`` and the errors of checkpoints.
    init(_ folder: PretrainedFolder, dtype: DType?, device: Device) throws

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
    /// | `hidden.0` ... | input of every layer, `[B, L, width]`; the last one is the normalized output |
    /// | `keys.0`, `values.0` ... | of every layer, `[B, G, L, E]` |
    /// | `logits` | `[B, L, vocabulary]` |
    ///
    /// - Parameters:
    ///   - input: Prompts.
    ///   - record: Takes a name and its tensor.
    func trace(_ input: PrefixInput, record: (_ name: String, _ tensor: Tensor) -> Void)
}

/// The backbones with published weights.
public enum PretrainedBackbones {
    /// Every one, a type each.
    public static let all: [any PretrainedBackbone.Type] = [PaliGemma.self]

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
        let type = try folder.modelType()
        guard let backbone = all.first(where: { $0.modelTypes.contains(type) }) else {
            let known = all.flatMap { $0.modelTypes }.joined(separator: ", ")
            throw folder.configuration.error("model_type", expected: "one of \(known)", found: "'\(type)'")
        }
        return try backbone.init(folder, dtype: dtype, device: device)
    }
}
