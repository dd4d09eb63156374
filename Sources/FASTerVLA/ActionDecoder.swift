internal import ActionTokenizers
public import Backbones
public import RobotTypes
public import Torch

/// Actions decoded from a prefix, by any head.
public struct ActionDecoder {
    /// Decoded actions.
    public struct Prediction {
        /// Normalised, clipped to the recorded range; one chunk an element of the batch.
        public let chunks: ActionChunks

        /// Latency of every forward.
        public let blockTimes: [Duration]

        /// Number of codebooks decoded, of the chunk with most; nil for heads without a coarser prediction.
        public let codebooks: DecodedCodebooks?

        /// Number of codebooks of every chunk, `[B]`; nil for heads without a coarser prediction.
        public let chunkCodebooks: [DecodedCodebooks]?

        /// Tokens of every chunk, or of its samples; nil for heads without tokens.
        public let sequences: [[Int]]?

        /// Number of tokens of the longest chunk; nil for heads without tokens.
        public var tokens: Int? { sequences?.map(\.count).max() }
    }

    private enum Method {
        case blocks(BlockDecoder, any ActionTokenizer, BlockHead.Configuration, sampleCount: Int)
        case flow(FlowDecoder)
        case regression(RegressionHead, InferenceBackend)
    }

    private let method: Method
    private let normalization: Normalization
    private var latencies = LatencyEstimate()

    /// Prepares to decode.
    ///
    /// - Parameters:
    ///   - network: The trained network.
    ///   - actions: Normalization of actions, with the tokenizer of a head of tokens.
    ///   - settings: Decoding, as far as it is not left to the head's configuration.
    ///   - backend: Forwards of the network; nil takes its own modules.
    public init(
        _ network: FASTerVLANetwork,
        actions: ActionCoding,
        settings: DecodingSettings = DecodingSettings(),
        backend: InferenceBackend? = nil
    ) {
        let backend = backend ?? InferenceBackend(network)
        normalization = actions.normalization
        switch network.head {
        case .blocks(let head):
            guard let tokenizer = actions.tokenizer else {
                preconditionFailure("tokens mean nothing without a tokenizer")
            }
            let sampling = settings.sampling(over: head.configuration.sampling)
            let decoder = BlockDecoder(
                head,
                backend,
                blockSize: settings.blockSize,
                codebooks: settings.codebooks,
                latentPositions: tokenizer.layout.latentPositionCount,
                maskPredictBlocks: settings.maskPredictBlocks ?? 0,
                endThreshold: settings.endThreshold ?? EarlyEnd.threshold,
                sampling: sampling,
                codewords: tokenizer.codewords,
                usesGraphs: settings.usesGraphs
            )
            method = .blocks(decoder, tokenizer, head.configuration, sampleCount: sampling.sampleCount)
        case .flow(let head): method = .flow(FlowDecoder(head, backend))
        case .regression(let head): method = .regression(head, backend)
        }
    }

    /// True if the prefixes of several robots are decoded together, and give what each gives alone.
    var decodesBatches: Bool {
        switch method {
        case .blocks(_, _, _, let sampleCount): sampleCount == 1
        // Flow matching draws the noise of a batch from one generator.
        case .flow: false
        case .regression: true
        }
    }

    /// Predicts the actions after `prefix`.
    ///
    /// - Parameters:
    ///   - prefix: The backbone's prefix.
    ///   - committed: Normalised actions that the robot is committed to, `[B, steps, dimension]`.
    ///   - deadline: Time at which actions are needed; nil decodes everything.
    ///   - seeds: Seeds of the sampling of every element of the batch, `[B]`; nil samples all from the process's generator.
    /// - Returns: The actions, and how they came about.
    /// - Throws: The tokenizer's errors.
    public mutating func predict(
        after prefix: Prefix,
        committed: Tensor? = nil,
        before deadline: ContinuousClock.Instant? = nil,
        seeds: [UInt64?]? = nil
    ) throws -> Prediction {
        switch method {
        case .blocks(let decoder, let tokenizer, let configuration, let sampleCount):
            let isMean = sampleCount > 1
            let rows = seeds.flatMap { decoder.sampling.isGreedy ? nil : RowSampling(decoder.sampling, $0) }
            let decoding = decoder.decode(
                after: isMean ? prefix.repeated(sampleCount) : prefix,
                committed: isMean ? committed?.expanded([sampleCount, -1, -1]) : committed,
                before: deadline,
                latencies: &latencies,
                choose: rows?.codes
            )
            let start = ContinuousClock.now
            let tokens = Self.tokens(of: decoding, tokenizer, configuration)
            let chunks =
                try configuration.isVariableLength
                ? tokenizer.chunks(forSampled: tokens) : tokenizer.chunks(for: tokens)
            latencies.add(detokenization: ContinuousClock.now - start)
            let total = configuration.schedule.codebookCount
            return Prediction(
                chunks: isMean ? chunks.mean() : chunks,
                blockTimes: decoding.blockTimes,
                codebooks: total > 1 ? DecodedCodebooks(decoding.codebooks, of: total) : nil,
                chunkCodebooks: total > 1
                    ? decoding.chunkCodebooks.map { DecodedCodebooks($0, of: total) } : nil,
                sequences: tokens
            )
        case .flow(let decoder):
            let (actions, times) = decoder.actions(after: prefix)
            return Prediction(
                chunks: clipped(actions.chunks),
                blockTimes: times,
                codebooks: nil,
                chunkCodebooks: nil,
                sequences: nil
            )
        case .regression(let head, let backend):
            var stopwatch = Stopwatch(prefix.device)
            var cache = KeyValueCache(prefix, roomFor: head.configuration.horizon)
            let actions = head.actions(after: prefix, cache: &cache, backend.suffixDecoder)
            let time = stopwatch.lap()
            return Prediction(
                chunks: clipped(actions.chunks),
                blockTimes: [time],
                codebooks: nil,
                chunkCodebooks: nil,
                sequences: nil
            )
        }
    }

    /// The robot's own columns, clipped to the recorded range.
    private func clipped(_ chunks: ActionChunks) -> ActionChunks {
        var result = chunks.keeping(columns: normalization.statistics.dimension)
        result.values = normalization.clipped(result.values)
        return result
    }

    /// Tokens of every chunk, as far as they mean anything to `tokenizer`.
    private static func tokens(
        of decoding: BlockDecoding,
        _ tokenizer: any ActionTokenizer,
        _ configuration: BlockHead.Configuration
    ) -> [[Int]] {
        let count = decoding.codes.size(1)
        let integers = decoding.codes.integers
        let sequences = stride(from: 0, to: integers.count, by: count).map { integers[$0 ..< $0 + count] }
        guard !configuration.isVariableLength else {
            return sequences.map { Array($0.prefix { $0 < configuration.codebookSize }) }
        }
        let all = configuration.schedule.latentPositionCount
        let own = tokenizer.layout.latentPositionCount ?? all
        return zip(sequences, decoding.chunkCodebooks).map { codes, codebooks in
            codes.prefix(codebooks * all).enumerated().filter { $0.offset % all < own }.map(\.element)
        }
    }
}

extension Tensor {
    /// Normalised actions, `[B, horizon, dimension]`.
    fileprivate var chunks: ActionChunks {
        ActionChunks(count: size(0), horizon: size(1), dimension: size(2), values: to(.float32).floats)
    }
}

extension Prefix {
    /// The one prefix, `count` times.
    fileprivate func repeated(_ count: Int) -> Prefix {
        precondition(batch == 1, "several chunks are sampled for one observation at a time")
        return Prefix(
            keys: keys.map { $0.expanded([count, -1, -1, -1]) },
            values: values.map { $0.expanded([count, -1, -1, -1]) },
            mask: mask?.expanded([count, -1, -1, -1]),
            nextPosition: nextPosition.expanded([count])
        )
    }
}

extension ActionChunks {
    /// The mean, as one chunk.
    fileprivate func mean() -> ActionChunks {
        let size = horizon * dimension
        let sums = (0 ..< size).map { index in
            stride(from: index, to: values.count, by: size).reduce(Float(0)) { $0 + values[$1] }
        }
        return ActionChunks(
            count: 1,
            horizon: horizon,
            dimension: dimension,
            values: sums.map { $0 / Float(count) }
        )
    }
}
