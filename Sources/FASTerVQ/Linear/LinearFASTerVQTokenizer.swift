public import ActionTokenizers
public import Foundation
internal import NN
public import RobotTypes
internal import Support
public import Torch

/// FASTerVQ with a linear encoder for one robot: fitted to its recorded chunks in a minute, without a training.
///
/// Any codes in range decode to finite actions.
public struct LinearFASTerVQTokenizer: ActionTokenizer {
    /// The value of ``name``.
    public static let tokenizerName = "fastervq-linear"

    private static let weightsFile = "model.safetensors"

    /// Components and codebooks.
    public let model: LinearFASTerVQ

    /// Control steps of a chunk.
    public let horizon: Int

    /// Map from the robot's units to normalised ones.
    public let normalization: Normalization

    private let device: Device
    private let codec: (any LinearChunkCodec)?

    /// Makes `model`, which was fitted to such chunks, the tokenizer of a robot.
    ///
    /// - Parameters:
    ///   - model: The model; its weights must not change afterwards.
    ///   - horizon: Control steps of a chunk.
    ///   - normalization: Map from the robot's units to normalised ones.
    ///   - device: Device of the model.
    ///   - codec: Encoder and decoder of single chunks; nil for the model's.
    public init(
        _ model: LinearFASTerVQ,
        horizon: Int,
        normalization: Normalization,
        device: Device,
        codec: (any LinearChunkCodec.Type)? = nil
    ) {
        (self.model, self.horizon, self.normalization, self.device) = (model, horizon, normalization, device)
        self.codec = codec.flatMap { $0.init(model) }
    }

    /// `fastervq-linear`.
    public var name: String { Self.tokenizerName }

    /// Latent positions times codebooks.
    public var layout: TokenLayout {
        .grid(
            codebookSizes: Array(
                repeating: model.configuration.codebookSize,
                count: model.configuration.codebookCount
            ),
            latentPositionCount: model.latentPositionCount
        )
    }

    /// Any number of leading codebooks.
    public var decodableCodebooks: ClosedRange<Int> { 1 ... model.configuration.codebookCount }

    /// Entries of every latent position's codebooks, whose distances are those of the decoded actions.
    public var codewords: Codewords? { Codewords(padding: model.positions.map(\.entries)) }

    /// The same tokenizer with its first codebooks only; itself where it has no more.
    public func keeping(codebooks: Int) -> LinearFASTerVQTokenizer {
        guard codebooks < model.configuration.codebookCount else { return self }
        return LinearFASTerVQTokenizer(
            model.keeping(codebooks: codebooks),
            horizon: horizon,
            normalization: normalization,
            device: device,
            codec: codec.map { type(of: $0) }
        )
    }

    /// Codes of normalised chunks.
    ///
    /// - Throws: `ActionTokenizerError` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        if let codec { return (0 ..< chunks.count).map { codec.codes(for: chunks[$0].values) } }
        return tokens(batching: chunks) { batch in
            withoutGradients { model.encode(batch.actions(on: device)) }.integers
        }
    }

    /// Normalised chunks of codes; of the codes of the first codebooks, coarser ones.
    ///
    /// - Throws: `ActionTokenizerError` when a list has another length or a code is out of range.
    public func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        try check(tokens)
        if let codec {
            let values = tokens.flatMap(codec.actions)
            return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
        }
        return chunks(batching: tokens) { batch in
            let shape = [batch.count, batch[0].count]
            let codes = Tensor(batch.flatMap(\.self), shape: shape, device: device)
            return withoutGradients { model.decode(codes, horizon: horizon) }.floats
        }
    }
}

extension LinearFASTerVQTokenizer {
    /// Fits a tokenizer to a robot's chunks.
    ///
    /// - Parameters:
    ///   - chunks: Normalised chunks, episode after episode.
    ///   - space: The robot's groups.
    ///   - normalization: Map from the robot's units to normalised ones.
    ///   - settings: Settings of the fit.
    ///   - device: Device to compute on.
    ///   - codec: Encoder and decoder of single chunks; nil for the model's.
    ///   - share: This process's share of the work; see ``LinearFASTerVQ``.
    ///   - report: Called at the beginning and after every codebook, with the number of codebooks that are done and of all.
    /// - Throws: `InvalidValue` when a setting is out of range, `ActionTokenizerError` when there are no chunks.
    public init(
        fitting chunks: ActionChunks,
        of space: ActionSpace,
        normalization: Normalization,
        _ settings: LinearFASTerVQ.Fitting = LinearFASTerVQ.Fitting(),
        device: Device = .cpu,
        codec: (any LinearChunkCodec.Type)? = nil,
        share: BatchShare? = nil,
        report: (_ done: Int, _ all: Int) -> Void = { _, _ in }
    ) throws {
        try settings.validate()
        guard chunks.count > 0 else {
            throw ActionTokenizerError("\(Self.tokenizerName) needs chunks to be fitted to, found none")
        }
        try chunks.checkFinite()
        let model = withoutGradients {
            LinearFASTerVQ(
                fitting: chunks,
                space,
                normalization,
                settings,
                device: device,
                share: share,
                report: report
            )
        }
        self.init(model, horizon: chunks.horizon, normalization: normalization, device: device, codec: codec)
    }

    /// Writes `config.json`, `model.safetensors` and `norm_stats.json`, the configuration last: a folder without it is not
    /// finished.
    ///
    /// - Throws: The system's error, with the path.
    public func save(to folder: URL) throws {
        try TokenizerFolder.write(normalization, to: folder)
        try Checkpoint.save(model.tensors, to: folder.appending(path: Self.weightsFile))
        try TokenizerFolder.write(RobotTokenizerFile(self, model.configuration), to: folder)
    }

    /// Reads and verifies a tokenizer.
    ///
    /// - Parameters:
    ///   - folder: Folder of the tokenizer.
    ///   - device: Device for the weights.
    ///   - codec: Encoder and decoder of single chunks; nil for the model's.
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood, `CheckpointError` and
    ///   `SafetensorsError` when the weights do not fit.
    public init(loading folder: URL, device: Device, codec: (any LinearChunkCodec.Type)? = nil) throws {
        let (file, normalization) = try RobotTokenizerFile<LinearFASTerVQ.Configuration>.readValidated(
            [Self.tokenizerName],
            from: folder
        )
        let model = LinearFASTerVQ(
            file.configuration,
            valueCount: file.horizon * file.dimension,
            device: device
        )
        try Checkpoint.load(model.tensors, from: folder.appending(path: Self.weightsFile))
        self.init(model, horizon: file.horizon, normalization: normalization, device: device, codec: codec)
    }
}
