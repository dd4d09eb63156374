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

    private let embodiment: Embodiment
    private let device: Device

    /// Chunks that pass through the network at once.
    private static let batchSize = 1024

    init(
        model: FASTerVQModel,
        actionSpace: ActionSpace,
        embodiment: Embodiment,
        normalization: Normalization,
        device: Device
    ) {
        self.model = model
        self.actionSpace = actionSpace
        self.embodiment = embodiment
        self.normalization = normalization
        self.device = device
    }

    /// `fastervq`.
    public var name: String { "fastervq" }

    /// Control steps of a chunk.
    public var horizon: Int { embodiment.patchifier.horizon }

    /// Columns of an action.
    public var dimension: Int { actionSpace.dimension }

    /// Codebooks, coarse to fine.
    public var codebookCount: Int { model.configuration.quantizer.codebookCount }

    /// Entries of a codebook.
    public var codebookSize: Int { model.configuration.quantizer.codebookSize }

    /// Places of a codebook.
    public var placeCount: Int { embodiment.patchifier.placeCount }

    /// Codes of a chunk.
    public var tokenCount: Int { codebookCount * placeCount }

    /// The size of every codebook.
    public var codebookSizes: [Int] { Array(repeating: codebookSize, count: codebookCount) }

    /// Codes run through a codebook's places before the next codebook.
    public func codebook(ofToken position: Int) -> Int { position / placeCount }

    /// Which places hold at least one step before `validSteps`, `[chunks, places]`, row-major.
    public func validPlaces(_ validSteps: [Int]) -> [Bool] { embodiment.patchifier.validPlaces(validSteps) }

    /// The codes of normalised chunks.
    ///
    /// - Throws: `ActionTokenizerError` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        let held = chunks.holdingLastValidStep()
        return batches(of: chunks.count).flatMap { range -> [[Int]] in
            let part = held[range]
            let actions = Tensor(part.values, shape: [part.count, horizon, dimension], device: device)
            return rows(withoutGradients { model.network.codes(for: actions, of: embodiment) }.integers)
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
        for (chunk, codes) in tokens.enumerated() {
            guard codes.count == tokenCount else {
                throw ActionTokenizerError(
                    "chunk \(chunk): expected \(tokenCount) codes, found \(codes.count)"
                )
            }
            if let place = codes.firstIndex(where: { !(0 ..< codebookSize).contains($0) }) {
                throw ActionTokenizerError(
                    "chunk \(chunk), code \(place): expected 0 ..< \(codebookSize), found \(codes[place])"
                )
            }
        }
        let values = batches(of: tokens.count).flatMap { range -> [Float] in
            let codes = Tensor(
                tokens[range].flatMap { $0 },
                shape: [range.count, tokenCount],
                device: device
            )
            return withoutGradients { model.network.actions(for: codes, of: embodiment) }.floats
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    private func batches(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: Self.batchSize).map { $0 ..< min($0 + Self.batchSize, count) }
    }

    private func rows(_ codes: [Int]) -> [[Int]] {
        stride(from: 0, to: codes.count, by: tokenCount).map { Array(codes[$0 ..< $0 + tokenCount]) }
    }
}
