public import Backbones
public import Torch

/// What was decoded on top of one prefix.
public struct BlockDecoding {
    /// The codes of the first codebooks, int64 `[B, codebooks · placeCount]`.
    public let codes: Tensor

    /// Whole codebooks decoded.
    public let codebooks: Int

    /// What every forward took, choosing its codes included.
    public let blockTimes: [Duration]
}

/// Codes decoded block by block on top of one prefix: one expert forward a block.
public struct BlockDecoder {
    private let network: FASTerVLANetwork
    private let schedule: BlockSchedule
    private let codebooks: Int
    private let sampling: Sampling

    /// Prepares to decode with `network`.
    ///
    /// - Parameters:
    ///   - network: The trained network.
    ///   - blockSize: Codes of one forward; the network's own unless said otherwise. 1 decodes token by token.
    ///   - codebooks: Codebooks to decode, coarse to fine; all unless said otherwise.
    ///   - sampling: How codes are chosen.
    public init(
        _ network: FASTerVLANetwork,
        blockSize: Int? = nil,
        codebooks: Int? = nil,
        sampling: Sampling
    ) {
        let count = network.schedule.codebookCount
        self.codebooks = codebooks ?? count
        precondition((1 ... count).contains(self.codebooks), "a chunk takes 1 to all codebooks")
        self.network = network
        schedule = blockSize.map(network.schedule.withBlockSize) ?? network.schedule
        self.sampling = sampling
    }

    /// The codes that follow `prefix`, int64 `[B, codebooks · placeCount]`.
    public func codes(after prefix: Prefix) -> Tensor {
        decoding(after: prefix) { sampling.codes(from: $0) }.codes
    }

    /// As many codebooks after `prefix` as are foreseen to be decoded and turned into actions before `deadline`, but at
    /// least one.
    ///
    /// - Parameters:
    ///   - prefix: The backbone's answer.
    ///   - deadline: When actions are needed; nil decodes everything.
    ///   - costs: What is foreseen by; gains what the blocks take now.
    /// - Returns: Whole codebooks, coarse to fine.
    func decoding(
        after prefix: Prefix,
        before deadline: ContinuousClock.Instant?,
        costs: inout DecodingCosts
    ) -> BlockDecoding {
        decoding(after: prefix, before: deadline, costs: &costs) { sampling.codes(from: $0) }
    }

    /// All codes that follow `prefix`, each row of scores `[n, K]` turned into codes `[n]` by `choose`.
    func decoding(after prefix: Prefix, choose: (Tensor) -> Tensor) -> BlockDecoding {
        var costs = DecodingCosts()
        return decoding(after: prefix, before: nil, costs: &costs, choose: choose)
    }

    private func decoding(
        after prefix: Prefix,
        before deadline: ContinuousClock.Instant?,
        costs: inout DecodingCosts,
        choose: (Tensor) -> Tensor
    ) -> BlockDecoding {
        let device = prefix.keys[0].device
        let batch = prefix.keys[0].size(0)
        let positions = network.spacing.positions(
            schedule.tokenCount,
            from: prefix.nextPosition,
            device: device
        )
        var cache = KeyValueCache(prefix)
        var fed = Tensor.zeros([batch, schedule.blockSize], dtype: .int64, device: device)
        var decoded: [Tensor] = []
        var times: [Duration] = []
        var stopwatch = Stopwatch(device)
        for block in schedule.blocks {
            guard goesOn(at: block.lowerBound, before: deadline, costs) else { break }
            let previous = fed.narrowed(1, from: 0, count: block.count)
            let features = network.expert.features(
                network.expert.inputs(previous, slots: block, schedule: schedule),
                positions: positions.narrowed(1, from: block.lowerBound, count: block.count),
                prefix: prefix,
                cache: &cache,
                mask: mask(prefix, keys: block.upperBound)
            )
            fed = codes(features, block: block, choose: choose)
            decoded.append(fed)
            times.append(stopwatch.lap())
            costs.add(block: times[times.count - 1])
        }
        // Codes of a codebook that is not whole mean nothing. A block is never cut, as its codes see each other.
        let codes = Tensor.concatenated(decoded, axis: 1)
        let whole = min(codebooks, codes.size(1) / schedule.placeCount)
        return BlockDecoding(
            codes: codes.narrowed(1, from: 0, count: whole * schedule.placeCount),
            codebooks: whole,
            blockTimes: times
        )
    }

    /// Whether to decode the block that begins at `slot`: one more codebook is wanted, and it would be whole in time.
    private func goesOn(
        at slot: Int,
        before deadline: ContinuousClock.Instant?,
        _ costs: DecodingCosts
    ) -> Bool {
        let whole = slot / schedule.placeCount
        guard whole < codebooks else { return false }
        guard whole > 0, let deadline else { return true }
        let left = schedule.blockCount(from: slot, toCodebooks: whole + 1)
        return ContinuousClock.now + costs.foreseen(blocks: left) <= deadline
    }

    /// Answers of a block's slots; those of one codebook share a head.
    private func codes(_ features: Tensor, block: Range<Int>, choose: (Tensor) -> Tensor) -> Tensor {
        let size = network.expert.codebookSize
        var parts: [Tensor] = []
        var start = block.lowerBound
        while start < block.upperBound {
            let codebook = schedule.codebook(ofSlot: start)
            let end = min(block.upperBound, (codebook + 1) * schedule.placeCount)
            let rows = features.narrowed(1, from: start - block.lowerBound, count: end - start)
            let logits = network.expert.logits(rows, codebook: codebook).narrowed(2, from: 0, count: size)
            parts.append(choose(logits.reshaped(-1, size).to(.float32)).reshaped(-1, end - start))
            start = end
        }
        return .concatenated(parts, axis: 1)
    }

    /// Hides the prefix's padding; later blocks do not exist yet, so nothing else needs hiding.
    private func mask(_ prefix: Prefix, keys: Int) -> Tensor? {
        guard let seen = prefix.mask else { return nil }
        let own = Tensor.ones([seen.size(0), 1, 1, keys], dtype: .bool, device: seen.device)
        return Tensor.concatenated([seen, own], axis: 3)
    }
}
