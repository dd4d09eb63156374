public import ActionTokenizers
public import RobotTypes
internal import Torch
internal import VectorQuantization

/// FASTerVQ for one robot: a chunk of actions to a small grid of codes and back (arXiv 2512.04952, FASTerVQ).
///
/// Codes run along the latent positions of the first codebook, then of the next: coarse to fine. Any codes in range decode
/// to finite actions within the recorded range.
public struct FASTerVQTokenizer: ActionTokenizer {
    /// Architecture and weights.
    public let model: FASTerVQModel

    /// The robot's groups of action columns.
    public let actionSpace: ActionSpace

    /// Map from the robot's units to normalised ones.
    public let normalization: Normalization

    /// The robot as the model sees it.
    let embodiment: Embodiment

    private let codec: (any ChunkCodec)?

    /// Makes `model` the tokenizer of a robot's chunks; they share weights, which must not change afterwards.
    ///
    /// - Parameters:
    ///   - model: The model.
    ///   - actionSpace: The robot's groups of action columns.
    ///   - horizon: Control steps of a chunk.
    ///   - normalization: Map from the robot's units to normalised ones.
    ///   - codec: Encoder and decoder of single chunks; nil for the model's.
    /// - Throws: ``PatchError`` when the robot does not fit the model's patches.
    public init(
        _ model: FASTerVQModel,
        actionSpace: ActionSpace,
        horizon: Int,
        normalization: Normalization,
        codec: (any ChunkCodec.Type)? = nil
    ) throws(PatchError) {
        self.init(
            model,
            actionSpace: actionSpace,
            normalization: normalization,
            embodiment: Embodiment(
                patchifier: try model.makePatchifier(actionSpace, horizon: horizon),
                normalization: normalization,
                device: model.device
            ),
            codec: codec
        )
    }

    private init(
        _ model: FASTerVQModel,
        actionSpace: ActionSpace,
        normalization: Normalization,
        embodiment: Embodiment,
        codec: (any ChunkCodec.Type)?
    ) {
        self.model = model
        self.actionSpace = actionSpace
        self.normalization = normalization
        self.embodiment = embodiment
        self.codec = codec.flatMap { $0.init(model, embodiment) }
    }

    /// `fastervq`.
    public var name: String { FASTerVQFolder.tokenizerName }

    /// Control steps of a chunk.
    public var horizon: Int { embodiment.patchifier.horizon }

    /// The robot's groups.
    public var requiredActionSpace: ActionSpace? { actionSpace }

    /// Number of codebooks, coarse to fine.
    public var codebookCount: Int { model.configuration.codebookCount }

    /// Number of entries of a codebook.
    public var codebookSize: Int { model.configuration.quantizer.codebookSize }

    /// Number of latent positions: of codes in every codebook.
    public var latentPositionCount: Int { embodiment.patchifier.latentPositionCount }

    /// Number of codes of a chunk.
    public var tokenCount: Int { codebookCount * latentPositionCount }

    /// Latent positions times codebooks.
    public var layout: TokenLayout {
        .grid(
            codebookSizes: Array(repeating: codebookSize, count: codebookCount),
            latentPositionCount: latentPositionCount
        )
    }

    /// Any number of leading codebooks.
    public var decodableCodebooks: ClosedRange<Int> { 1 ... codebookCount }

    /// Entries of the codebooks of latents and of the action-space stages.
    public var codewords: Codewords? {
        let tables = embodiment.patchifier.groups.flatMap { group in
            Array(repeating: model.entries(of: group), count: group.patchCount)
        }
        return Codewords(padding: tables)
    }

    /// Mask of the latent positions that hold at least one of the first `validSteps` steps of each chunk, `[chunks · N]`, row-major.
    public func validityMask(_ validSteps: [Int]) -> [Bool] {
        embodiment.patchifier.validLatentPositions(validSteps)
    }

    /// The same tokenizer with its first codebooks only: for a policy that has no time for all.
    ///
    /// - Parameter codebooks: At least 1.
    /// - Returns: A tokenizer with copies of the weights; this one where it has no more codebooks.
    public func keeping(codebooks: Int) -> FASTerVQTokenizer {
        guard codebooks < codebookCount else { return self }
        return FASTerVQTokenizer(
            model.keeping(codebooks: codebooks),
            actionSpace: actionSpace,
            normalization: normalization,
            embodiment: embodiment,
            codec: codec.map { type(of: $0) }
        )
    }

    /// Codes of normalised chunks.
    ///
    /// - Throws: `ActionTokenizerError` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        if let codec {
            return codec.codes(
                for: (0 ..< chunks.count).map { chunks[$0].values },
                validSteps: chunks.validSteps
            )
        }
        let device = model.device
        return tokens(batching: chunks) { batch in
            withoutGradients {
                model.encode(batch.actions(on: device), stepMask: batch.stepMask(on: device), of: embodiment)
            }.integers
        }
    }

    /// Normalised chunks of codes; of the codes of the first codebooks, coarser ones.
    ///
    /// - Throws: `ActionTokenizerError` when a list has another length or a code is out of range.
    public func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        try check(tokens)
        return chunks(batching: tokens) { batch in
            if let codec { return codec.actions(for: batch).flatMap(\.self) }
            let shape = [batch.count, batch[0].count]
            let codes = Tensor(batch.flatMap(\.self), shape: shape, device: model.device)
            return withoutGradients { model.decode(codes, of: embodiment) }.floats
        }
    }
}

extension FASTerVQModel {
    /// The layout of a robot's chunks.
    ///
    /// - Throws: ``PatchError`` when the robot does not fit the model's patches.
    public func makePatchifier(
        _ actionSpace: ActionSpace,
        horizon: Int
    ) throws(PatchError) -> ActionPatchifier {
        try ActionPatchifier(space: actionSpace, horizon: horizon, shapes: configuration.patches)
    }
}
