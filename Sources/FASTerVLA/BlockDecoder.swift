public import ActionTokenizers
public import Backbones
internal import NN
public import Torch

// Axes in this file
//   B  batch      L  slots of a block      K  codebook entries      P  committed steps

/// Tokens decoded on top of one prefix.
public struct BlockDecoding {
    /// Tokens of the first codebooks, int64 `[B, codebooks · latentPositionCount]`; for variable-length sequences, up to the
    /// end of the longest one: the number of entries stands for an end, and tokens after it are undefined.
    public let codes: Tensor

    /// Number of complete codebooks.
    public let codebooks: Int

    /// Number of codebooks of every chunk, `[B]`: fewer than ``codebooks`` for one that ends before others of its batch, whose
    /// further codes are undefined (``EarlyEnd``).
    public let chunkCodebooks: [Int]

    /// Latency of every block, choosing its tokens included.
    public let blockTimes: [Duration]
}

/// Block-wise autoregressive decoding: one forward a block (arXiv 2512.04952, block-wise autoregressive decoding).
public struct BlockDecoder {
    let head: BlockHead
    let schedule: BlockSchedule
    /// Inputs and scores of slots: the head's, or a faster implementation.
    private let forwards: any BlockHeadForwards
    private let suffixDecoder: any SuffixDecoder
    private let codebooks: Int
    private let maskPredictBlocks: Int
    let sampling: Sampling
    /// Choice of greedy decoding.
    private let greedy: TokenChoice
    /// Probability of an end above which a chunk ends; nil decodes all codebooks.
    private let endThreshold: Double?
    /// The loop over the blocks as a graph of the device's work; nil queues every operator.
    private let recorded: RecordedBlocks?
    /// Latent positions that the robot has, nil for all; codes of others are 0, as they are fed in training.
    private let latentPositions: Int?

    /// Prepares to decode.
    ///
    /// - Parameters:
    ///   - head: The network's head.
    ///   - backend: Forwards of the network.
    ///   - blockSize: Tokens per forward; nil takes the head's own, 1 decodes token by token.
    ///   - codebooks: Number of codebooks to decode, coarse to fine; nil for all.
    ///   - latentPositions: Number of latent positions that the robot has; nil for all.
    ///   - maskPredictBlocks: Number of blocks to re-decode, coarse ones first; for heads that were trained for it.
    ///   - endThreshold: Probability of an end above which a chunk ends, for heads with an ``EarlyEnd`` in blocks of a codebook; 1
    ///     decodes all codebooks.
    ///   - sampling: Sampling of tokens.
    ///   - codewords: Vectors of the entries, which ``Sampling/greedyChoice`` may ask for; nil for tokens without any.
    ///   - usesGraphs: Records the loop over the blocks as a CUDA graph, where it is greedy and no block's end is asked for.
    public init(
        _ head: BlockHead,
        _ backend: InferenceBackend,
        blockSize: Int? = nil,
        codebooks: Int? = nil,
        latentPositions: Int? = nil,
        maskPredictBlocks: Int = 0,
        endThreshold: Double = EarlyEnd.threshold,
        sampling: Sampling,
        codewords: Codewords? = nil,
        usesGraphs: Bool = false
    ) {
        let own = head.configuration.schedule
        self.codebooks = codebooks ?? own.codebookCount
        precondition((1 ... own.codebookCount).contains(self.codebooks), "a chunk takes 1 to all codebooks")
        precondition(
            maskPredictBlocks == 0 || head.configuration.supportsMaskPredict,
            "this head was not trained for mask-predict re-decoding"
        )
        self.head = head
        (forwards, suffixDecoder) = (backend.head ?? head, backend.suffixDecoder)
        schedule = blockSize.map(own.withBlockSize) ?? own
        self.maskPredictBlocks = maskPredictBlocks
        self.sampling = sampling
        let device = head.beginOfBlock.weight.device
        let isMean = sampling.greedyChoice == .closestToMean
        greedy = TokenChoice(
            greedyBy: isMean ? codewords?.tensor(for: head.configuration, device: device) : nil
        )
        recorded =
            usesGraphs && sampling.isGreedy && !head.configuration.isVariableLength ? RecordedBlocks() : nil
        self.endThreshold =
            head.configuration.earlyEnd != nil && schedule.isBlockPerCodebook ? endThreshold : nil
        self.latentPositions = latentPositions.flatMap { $0 < own.latentPositionCount ? $0 : nil }
    }

    /// Tokens after `prefix`, int64 `[B, codebooks · latentPositionCount]`.
    public func codes(after prefix: Prefix) -> Tensor {
        var latencies = LatencyEstimate()
        return decode(after: prefix, latencies: &latencies).codes
    }

    /// Decodes all codebooks, or as many as are likely to be ready before a deadline.
    ///
    /// - Parameters:
    ///   - prefix: The backbone's prefix.
    ///   - committed: Committed actions, normalised `[B, P, dimension]`, for heads with a ``CommittedPrefix``.
    ///   - deadline: Time at which actions are needed; nil decodes everything.
    ///   - latencies: Estimate of the time that blocks take; gains those of this call.
    ///   - choose: Chooses tokens, int64 `[n]`, by their logits, `[n, K]`; nil decodes greedily or samples them.
    /// - Returns: Complete codebooks, coarse to fine, at least one.
    func decode(
        after prefix: Prefix,
        committed: Tensor? = nil,
        before deadline: ContinuousClock.Instant? = nil,
        latencies: inout LatencyEstimate,
        choose: ((Tensor) -> Tensor)? = nil
    ) -> BlockDecoding {
        let isWhole = committed == nil && deadline == nil && choose == nil && endThreshold == nil
        if isWhole, let recorded, prefix.device.hasStreams {
            let (codes, time) = recorded.codes(after: prefix) { fixed in
                var none = LatencyEstimate()
                return blocks(after: fixed, latencies: &none, choice: greedy, lap: { nil }).codes
            }
            let count = schedule.blockCount(from: 0, toCodebooks: codebooks)
            return result(
                codes,
                GridEnds(prefix.batch, threshold: nil),
                Array(repeating: time / count, count: count)
            )
        }
        // Room for the prefix and its successors is made for the first block, which is charged for it.
        var times = ForwardTimes(prefix.device, waits: deadline != nil)
        let (codes, ends) = blocks(
            after: prefix,
            committed: committed,
            before: deadline,
            latencies: &latencies,
            choice: choose.map(TokenChoice.init)
                ?? (sampling.isGreedy ? greedy : TokenChoice { sampling.codes(from: $0) }),
            lap: { times.lap() }
        )
        if deadline == nil { for time in times.all { latencies.add(block: time) } }
        return result(codes, ends, times.all)
    }

    /// Tokens of as many blocks as are decoded, and the ends among them.
    private func blocks(
        after prefix: Prefix,
        committed: Tensor? = nil,
        before deadline: ContinuousClock.Instant? = nil,
        latencies: inout LatencyEstimate,
        choice: TokenChoice,
        lap: () -> Duration?
    ) -> (codes: Tensor, ends: GridEnds) {
        var suffix = DecodingSuffix(prefix, head.configuration, schedule, suffixDecoder)
        if let committed { suffix.append(committed: committed, head) }
        var ends = SequenceEnds(head.configuration)
        var gridEnds = GridEnds(prefix.batch, threshold: endThreshold)
        var tokens = Tensor.zeros([prefix.batch, schedule.blockSize], dtype: .int64, device: prefix.device)
        var decoded: [Tensor] = []
        for (index, block) in schedule.blocks.enumerated() {
            let isWanted = block.lowerBound < codebooks * schedule.latentPositionCount
            guard isWanted, schedule.completesCodebook(from: block.lowerBound, before: deadline, latencies)
            else { break }
            let previous = head.lookUp(tokens.narrowed(1, from: 0, count: block.count))
            let inputs = forwards.inputs(previous, slots: block, schedule: schedule)
            let scores = scores(of: suffix.features(inputs, of: block), block)
            let logits = scores.map(head.choosable)
            tokens = chosen(logits, of: block, choice)
            if index < maskPredictBlocks, block.count > 1 {
                tokens = redecoded(tokens, logits, inputs, block, &suffix, choice)
            }
            if let latentPositions {
                let isReal = block.map { schedule.latentPosition(ofSlot: $0) < latentPositions }
                tokens = tokens * Tensor(isReal, shape: [1, block.count], device: prefix.device).to(.int64)
            }
            decoded.append(tokens)
            if let time = lap(), deadline != nil { latencies.add(block: time) }
            if ends.areAllReached(by: tokens) || gridEnds.areAllReached(after: index, scores) { break }
        }
        return (.concatenated(decoded, axis: 1), gridEnds)
    }

    private func result(_ codes: Tensor, _ ends: GridEnds, _ times: [Duration]) -> BlockDecoding {
        guard !head.configuration.isVariableLength else {
            return BlockDecoding(
                codes: codes,
                codebooks: codebooks,
                chunkCodebooks: ends.codebooks(of: codebooks),
                blockTimes: times
            )
        }
        // Tokens of an incomplete codebook mean nothing. A block is never cut, as its tokens see each other.
        let complete = min(codebooks, codes.size(1) / schedule.latentPositionCount)
        return BlockDecoding(
            codes: codes.narrowed(1, from: 0, count: complete * schedule.latentPositionCount),
            codebooks: complete,
            chunkCodebooks: ends.codebooks(of: complete),
            blockTimes: times
        )
    }

    /// Scores of a block's slots for all classes: a part for every codebook that it reaches into, each `[B, slots, K + 1]`.
    func scores(of features: Tensor, _ block: Range<Int>) -> [Tensor] {
        var parts: [Tensor] = []
        var start = block.lowerBound
        while start < block.upperBound {
            let codebook = schedule.codebook(ofSlot: start)
            let end = min(block.upperBound, (codebook + 1) * schedule.latentPositionCount)
            let rows = features.narrowed(1, from: start - block.lowerBound, count: end - start)
            let position = schedule.latentPosition(ofSlot: start)
            parts.append(
                forwards.scores(
                    of: rows,
                    codebook: codebook,
                    positions: position ..< position + end - start
                ).to(.float32)
            )
            start = end
        }
        return parts
    }

    /// Tokens of a block, int64 `[B, L]`, by the logits of its parts.
    func chosen(_ logits: [Tensor], of block: Range<Int>, _ choice: TokenChoice) -> Tensor {
        var start = block.lowerBound
        let parts = logits.map { part in
            defer { start += part.size(1) }
            let position = schedule.latentPosition(ofSlot: start)
            return choice(
                part,
                codebook: schedule.codebook(ofSlot: start),
                positions: position ..< position + part.size(1)
            )
        }
        return .concatenated(parts, axis: 1)
    }
}

/// Slots decoded so far on top of one prefix.
struct DecodingSuffix {
    private let prefix: Prefix
    private let decoder: any SuffixDecoder
    private let positions: Tensor
    private var cache: KeyValueCache
    /// Number of slots before those of the schedule.
    private var leadingCount = 0

    init(
        _ prefix: Prefix,
        _ configuration: BlockHead.Configuration,
        _ schedule: BlockSchedule,
        _ decoder: any SuffixDecoder
    ) {
        self.prefix = prefix
        self.decoder = decoder
        positions = configuration.positionGaps.positions(
            schedule.tokenCount,
            from: prefix.nextPosition
        )
        cache = KeyValueCache(prefix, roomFor: schedule.tokenCount + configuration.committedSteps)
    }

    /// Features of a block's slots, `[B, L, width]`.
    mutating func features(_ inputs: Tensor, of block: Range<Int>) -> Tensor {
        // The mask hides the prefix's padding; later blocks do not exist yet, so nothing else needs hiding.
        decoder.decode(
            inputs,
            positions: positions.narrowed(1, from: block.lowerBound, count: block.count),
            cache: &cache,
            mask: prefix.extendedMask(by: leadingCount + block.upperBound)
        )
    }

    /// Appends slots, `[B, L, width]`, before those of the schedule.
    mutating func appendLeading(_ inputs: Tensor, positions: Tensor) {
        leadingCount += inputs.size(1)
        _ = decoder.decode(
            inputs,
            positions: positions,
            cache: &cache,
            mask: prefix.extendedMask(by: leadingCount)
        )
    }

    /// Removes the newest `count` slots.
    mutating func forget(_ count: Int) { cache.forget(count) }
}
