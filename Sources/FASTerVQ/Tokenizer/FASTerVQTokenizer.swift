public import ActionTokenizers
internal import Quantizers
public import RobotTypes
internal import Torch

/// The learned tokenizer: a chunk of actions to a small grid of codes and back (paper, FASTerVQ).
///
/// Codes run along the places of the first codebook, then of the next: coarse to fine. Any codes in range decode
/// to finite actions.
public struct FASTerVQTokenizer: ResidualTokenizer {
    /// Architecture and weights.
    public let model: FASTerVQModel

    /// What the columns of an action mean.
    public let actionSpace: ActionSpace

    /// How the robot's units map to normalised ones.
    public let normalization: Normalization

    let codec: ChunkCodec
    /// For few chunks; nil where the network is not on the CPU.
    private let packed: PackedCodec?
    private let device: Device

    /// Up to so many chunks, one by one without libtorch is faster than all at once with it.
    private static let fewChunks = 12

    init(
        model: FASTerVQModel,
        actionSpace: ActionSpace,
        embodiment: Embodiment,
        normalization: Normalization,
        device: Device
    ) {
        self.model = model
        self.actionSpace = actionSpace
        codec = ChunkCodec(model.network, embodiment)
        packed = device == .cpu ? PackedCodec(model.network, embodiment) : nil
        self.normalization = normalization
        self.device = device
    }

    /// `fastervq`.
    public var name: String { "fastervq" }

    /// Control steps of a chunk.
    public var horizon: Int { patchifier.horizon }

    /// Columns of an action.
    public var dimension: Int { actionSpace.dimension }

    /// Codebooks, coarse to fine.
    public var codebookCount: Int { model.configuration.codebookCount }

    /// Entries of a codebook.
    public var codebookSize: Int { model.configuration.quantizer.codebookSize }

    /// Places of a codebook.
    public var placeCount: Int { patchifier.placeCount }

    /// Codes of a chunk.
    public var tokenCount: Int { codebookCount * placeCount }

    /// The size of every codebook.
    public var codebookSizes: [Int] { Array(repeating: codebookSize, count: codebookCount) }

    /// Codes run through a codebook's places before the next codebook.
    public func codebook(ofToken position: Int) -> Int { position / placeCount }

    /// Which places hold at least one step before `validSteps`, `[chunks, places]`, row-major.
    public func validPlaces(_ validSteps: [Int]) -> [Bool] { patchifier.validPlaces(validSteps) }

    var patchifier: ActionPatchifier { codec.embodiment.patchifier }

    /// The same tokenizer with its first codebooks only: what a policy predicts that has no time for all.
    ///
    /// - Parameter codebooks: At least 1.
    /// - Returns: A tokenizer with copies of the weights; this one where it has no more codebooks.
    public func keeping(codebooks: Int) -> FASTerVQTokenizer {
        guard codebooks < codebookCount else { return self }
        return FASTerVQTokenizer(
            model: model.keeping(codebooks: codebooks),
            actionSpace: actionSpace,
            embodiment: codec.embodiment,
            normalization: normalization,
            device: device
        )
    }

    /// The codes of normalised chunks.
    ///
    /// - Throws: `ActionTokenizerError` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        let chunks = chunks.holdingLastValidStep()
        if let packed, isFew(chunks.count) {
            return (0 ..< chunks.count).map {
                packed.codes(for: chunks[$0].values, validSteps: chunks.validSteps[$0])
            }
        }
        return batches(of: chunks.count).flatMap { range in
            let (actions, mask) = tensors(of: chunks[range])
            let codes = withoutGradients { codec.codes(for: actions, stepMask: mask) }
            return codes.integers.rows(of: tokenCount)
        }
    }

    /// The normalised chunks of codes.
    ///
    /// - Throws: `ActionTokenizerError` when a list has another length or a code is out of range.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        try chunks(for: tokens, codebooks: codebookCount)
    }

    /// The normalised chunks of the codes of the first `codebooks` codebooks: coarser, the fewer there are.
    ///
    /// - Throws: `ActionTokenizerError` when a list has another length or a code is out of range.
    public func chunks(for tokens: [[Int]], codebooks: Int) throws -> ActionChunks {
        precondition((1 ... codebookCount).contains(codebooks), "a chunk takes 1 to all codebooks")
        let tokenCount = codebooks * placeCount
        try check(tokens, lengths: tokenCount ... tokenCount)
        if let packed, isFew(tokens.count) { return self.chunks(tokens.flatMap(packed.actions)) }
        return self.chunks(
            batches(of: tokens.count).flatMap { range in
                withoutGradients { codec.actions(for: tensor(tokens[range])) }.floats
            }
        )
    }

    /// What chunks are after the first of their codebooks, after the first two, and so on.
    ///
    /// - Throws: `ActionTokenizerError` when a list has another length or a code is out of range.
    public func chunks(forPrefixesOf tokens: [[Int]]) throws -> [ActionChunks] {
        try check(tokens, lengths: tokenCount ... tokenCount)
        var values = [[Float]](repeating: [], count: codebookCount)
        for range in batches(of: tokens.count) {
            let prefixes = withoutGradients { codec.prefixes(of: tensor(tokens[range])) }
            for (index, prefix) in prefixes.enumerated() { values[index] += prefix.floats }
        }
        return values.map(self.chunks)
    }

    /// Whether so many chunks are best encoded one by one.
    func isFew(_ count: Int) -> Bool { packed != nil && count <= Self.fewChunks }

    /// Normalised chunks of `values`, `[chunks · T · D]`.
    func chunks(_ values: [Float]) -> ActionChunks {
        ActionChunks(
            count: values.count / (horizon * dimension),
            horizon: horizon,
            dimension: dimension,
            values: values
        )
    }

    /// The values of a batch, `[B, T, D]`, and 1 where a step counts, else 0, `[B, T]`.
    func tensors(of batch: ActionChunks) -> (actions: Tensor, stepMask: Tensor) {
        (batch.actions(on: device), batch.stepMask(on: device))
    }

    /// The codes of a batch, int64 `[B, codebooks · N]`.
    func tensor(_ codes: ArraySlice<[Int]>) -> Tensor {
        Tensor(
            codes.flatMap { $0 },
            shape: [codes.count, codes.first?.count ?? tokenCount],
            device: device
        )
    }
}

extension Array {
    /// The elements in rows of `size`.
    func rows(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0 ..< $0 + size]) }
    }
}
