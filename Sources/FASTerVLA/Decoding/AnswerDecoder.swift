public import ActionTokenizers
public import Backbones
public import RobotTypes
public import Torch

/// What a head makes of a prefix: normalised actions, whichever way the head speaks of them.
public struct AnswerDecoder {
    /// Decoded motions, and how they came about.
    public struct Answer {
        /// Normalised, clipped to [-1, 1]; one chunk an element of the batch.
        public let chunks: ActionChunks

        /// What every forward took.
        public let blockTimes: [Duration]

        /// How far codes were refined; nothing for heads that know no coarser motion.
        public let codebooks: DecodedCodebooks?
    }

    private enum Way {
        /// `draws` motions, whose mean is the answer.
        case codes(BlockDecoder, any ActionTokenizer, CodeHead.Configuration, draws: Int)
        case flow(FlowDecoder)
        case regression(FASTerVLANetwork, RegressionHead, PackedExpert?)
    }

    private let way: Way
    private var costs = DecodingCosts()

    /// Prepares to decode with `network` as its weights are now.
    ///
    /// - Parameters:
    ///   - network: The trained network.
    ///   - tokenizer: Gives codes their meaning; a head of codes needs it.
    ///   - settings: How codes are decoded, where that is not left to the head's configuration.
    public init(
        _ network: FASTerVLANetwork,
        tokenizer: (any ActionTokenizer)?,
        settings: DecodingSettings = DecodingSettings()
    ) {
        switch network.head {
        case .codes(let head):
            guard let tokenizer else { preconditionFailure("codes mean nothing without a tokenizer") }
            let sampling = settings.sampling(over: head.configuration.sampling)
            let decoder = BlockDecoder(
                network,
                head,
                blockSize: settings.blockSize,
                codebooks: settings.codebooks,
                secondLooks: settings.secondLooks ?? 0,
                sampling: sampling
            )
            way = .codes(decoder, tokenizer, head.configuration, draws: sampling.draws)
        case .flow(let head): way = .flow(FlowDecoder(network, head))
        case .regression(let head):
            way = .regression(network, head, network.expert.flatMap(PackedExpert.init))
        }
    }

    /// The motions after `prefix`.
    ///
    /// - Parameters:
    ///   - prefix: The backbone's answer.
    ///   - pending: Normalised actions that the robot is committed to, `[B, steps, dimension]`.
    ///   - deadline: When actions are needed; nil takes the time it takes.
    /// - Returns: The motions, and what was done to get them.
    /// - Throws: What the tokenizer throws.
    public mutating func answer(
        after prefix: Prefix,
        pending: Tensor? = nil,
        before deadline: ContinuousClock.Instant? = nil
    ) throws -> Answer {
        let device = prefix.keys[0].device
        switch way {
        case .codes(let decoder, let tokenizer, let configuration, let draws):
            let decoding = decoder.decoding(
                after: draws > 1 ? prefix.repeated(draws) : prefix,
                pending: draws > 1 ? pending?.expanded([draws, -1, -1]) : pending,
                before: deadline,
                costs: &costs
            )
            let stopwatch = ContinuousClock.now
            let chunks = try Self.chunks(of: decoding, tokenizer, configuration)
            costs.add(detokenization: ContinuousClock.now - stopwatch)
            let total = configuration.schedule.codebookCount
            return Answer(
                chunks: draws > 1 ? chunks.clipped().mean() : chunks.clipped(),
                blockTimes: decoding.blockTimes,
                codebooks: total > 1 ? DecodedCodebooks(decoding.codebooks, of: total) : nil
            )
        case .flow(let decoder):
            let (actions, times) = decoder.actions(after: prefix)
            return Answer(chunks: actions.chunks, blockTimes: times, codebooks: nil)
        case .regression(let network, let head, let packed):
            var stopwatch = Stopwatch(device)
            let actions = network.actions(head, after: prefix, packed: packed)
            return Answer(chunks: actions.chunks, blockTimes: [stopwatch.lap()], codebooks: nil)
        }
    }

    private static func chunks(
        of decoding: BlockDecoding,
        _ tokenizer: any ActionTokenizer,
        _ configuration: CodeHead.Configuration
    ) throws -> ActionChunks {
        let count = decoding.codes.size(1)
        let integers = decoding.codes.integers
        let lists = stride(from: 0, to: integers.count, by: count).map { Array(integers[$0 ..< $0 + count]) }
        if configuration.listsEnd, let fast = tokenizer as? FASTTokenizer {
            return try fast.chunks(
                forDrawn: lists.map { Array($0.prefix { $0 < configuration.codebookSize }) }
            )
        }
        guard let residual = tokenizer as? any ResidualTokenizer else {
            return try tokenizer.chunks(for: lists)
        }
        return try residual.chunks(for: lists, codebooks: decoding.codebooks)
    }
}

extension Tensor {
    /// Normalised actions, `[B, horizon, dimension]`, clipped to [-1, 1].
    fileprivate var chunks: ActionChunks {
        ActionChunks(
            count: size(0),
            horizon: size(1),
            dimension: size(2),
            values: to(.float32).clamped(-1 ... 1).floats
        )
    }
}

extension Prefix {
    /// The one prefix, `count` times.
    fileprivate func repeated(_ count: Int) -> Prefix {
        precondition(keys[0].size(0) == 1, "several motions are drawn for one observation at a time")
        return Prefix(
            keys: keys.map { $0.expanded([count, -1, -1, -1]) },
            values: values.map { $0.expanded([count, -1, -1, -1]) },
            mask: mask?.expanded([count, -1, -1, -1]),
            nextPosition: nextPosition
        )
    }
}

extension ActionChunks {
    /// The mean motion, as one chunk.
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

    fileprivate func clipped() -> ActionChunks {
        var result = self
        result.values = values.map { min(1, max(-1, $0)) }
        return result
    }
}
