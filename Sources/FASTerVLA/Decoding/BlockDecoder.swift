public import Backbones
internal import CPUInference
internal import NN
public import Torch

// Axes in this file
//   B  batch      L  slots of a block      K  codebook entries      P  pending steps

/// What was decoded on top of one prefix.
public struct BlockDecoding {
    /// The codes of the first codebooks, int64 `[B, codebooks · placeCount]`; where lists end, up to the end of the longest
    /// list: the number of entries stands for the end, and what follows it means nothing.
    public let codes: Tensor

    /// Whole codebooks decoded.
    public let codebooks: Int

    /// What every block took, choosing its codes included.
    public let blockTimes: [Duration]
}

/// Codes decoded block by block on top of one prefix: one forward a block.
///
/// Codes of a block are chosen apart, so where two motions are equally good, a block may begin one and end the other. A
/// head that was trained for it looks at a block again: codes that are as good as certain stay, and one that is not,
/// which settles the motion; the others are chosen anew with those given.
public struct BlockDecoder {
    private let network: FASTerVLANetwork
    private let head: CodeHead
    private let schedule: BlockSchedule
    private let codebooks: Int
    private let secondLooks: Int
    private let sampling: Sampling
    private let packed: PackedExpert?
    private let packedAnswers: [PackedLinear]

    /// Prepares to decode with `network` as its weights are now.
    ///
    /// - Parameters:
    ///   - network: The trained network.
    ///   - head: The network's head.
    ///   - blockSize: Codes of one forward; the network's own unless said otherwise. 1 decodes token by token.
    ///   - codebooks: Codebooks to decode, coarse to fine; all unless said otherwise.
    ///   - secondLooks: Blocks that are looked at again, coarse ones first; for heads that were trained for it.
    ///   - sampling: How codes are chosen.
    public init(
        _ network: FASTerVLANetwork,
        _ head: CodeHead,
        blockSize: Int? = nil,
        codebooks: Int? = nil,
        secondLooks: Int = 0,
        sampling: Sampling
    ) {
        let own = head.configuration.schedule
        self.codebooks = codebooks ?? own.codebookCount
        precondition((1 ... own.codebookCount).contains(self.codebooks), "a chunk takes 1 to all codebooks")
        precondition(secondLooks == 0 || head.configuration.looksAgain, "this head cannot look again")
        self.network = network
        self.head = head
        schedule = blockSize.map(own.withBlockSize) ?? own
        self.secondLooks = secondLooks
        self.sampling = sampling
        packed = network.expert.flatMap(PackedExpert.init)
        packedAnswers = head.packedAnswers()
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
    ///   - pending: Actions that the robot is committed to, normalised `[B, P, dimension]`, for heads that know them.
    ///   - deadline: When actions are needed; nil decodes everything.
    ///   - costs: What is foreseen by; gains what the blocks take now.
    /// - Returns: Whole codebooks, coarse to fine.
    func decoding(
        after prefix: Prefix,
        pending: Tensor? = nil,
        before deadline: ContinuousClock.Instant?,
        costs: inout DecodingCosts
    ) -> BlockDecoding {
        decoding(after: prefix, pending, before: deadline, costs: &costs) { sampling.codes(from: $0) }
    }

    /// All codes that follow `prefix`, each row of scores `[n, K]` turned into codes `[n]` by `choose`.
    func decoding(after prefix: Prefix, choose: (Tensor) -> Tensor) -> BlockDecoding {
        var costs = DecodingCosts()
        return decoding(after: prefix, nil, before: nil, costs: &costs, choose: choose)
    }

    private func decoding(
        after prefix: Prefix,
        _ pending: Tensor?,
        before deadline: ContinuousClock.Instant?,
        costs: inout DecodingCosts,
        choose: (Tensor) -> Tensor
    ) -> BlockDecoding {
        let batch = prefix.keys[0].size(0)
        // Room for the prefix and its successors is made for the first block, which is charged for it.
        var stopwatch = Stopwatch(prefix.keys[0].device)
        var pass = DecodingPass(
            prefix,
            pending: pending.flatMap { head.inputs(pending: $0) },
            schedule,
            head.configuration
        )
        var fed = Tensor.zeros([batch, schedule.blockSize], dtype: .int64, device: prefix.keys[0].device)
        var decoded: [Tensor] = []
        /// Of every list, above 0 once it has come to its end, `[B]`.
        var ended = Tensor.zeros([batch], dtype: .int64, device: prefix.keys[0].device)
        var times: [Duration] = []
        for (index, block) in schedule.blocks.enumerated() {
            guard goesOn(at: block.lowerBound, before: deadline, costs) else { break }
            let previous = entries(fed.narrowed(1, from: 0, count: block.count))
            let looksAgain = index < secondLooks && block.count > 1
            let scores = scores(of: block, previous, own: nil, &pass)
            fed = chosen(scores, choose)
            if looksAgain {
                let areKept = settled(scores, fed)
                pass.forget(block.count)
                let own = (codes: entries(fed), areGiven: areKept)
                let again = chosen(self.scores(of: block, previous, own: own, &pass), choose)
                fed = fed.selected(where: areKept, otherwise: again)
            }
            decoded.append(fed)
            times.append(stopwatch.lap())
            costs.add(block: times[times.count - 1])
            guard head.configuration.listsEnd else { continue }
            ended = ended.maximum(fed.equal(Double(head.configuration.codebookSize)).to(.int64).max(1))
            if ended.min(0).item > 0 { break }
        }
        let codes = Tensor.concatenated(decoded, axis: 1)
        guard !head.configuration.listsEnd else {
            return BlockDecoding(codes: codes, codebooks: codebooks, blockTimes: times)
        }
        // Codes of a codebook that is not whole mean nothing. A block is never cut, as its codes see each other.
        let whole = min(codebooks, codes.size(1) / schedule.placeCount)
        return BlockDecoding(
            codes: codes.narrowed(1, from: 0, count: whole * schedule.placeCount),
            codebooks: whole,
            blockTimes: times
        )
    }

    /// Codes that can be looked up: a list that has ended goes on beside longer ones of its batch, fed with anything.
    private func entries(_ codes: Tensor) -> Tensor {
        head.configuration.listsEnd ? codes.clampedToEntries(head.configuration.codebookSize) : codes
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

    /// Scores of a block's slots, a part for every codebook that it reaches into, each `[B, slots, K]`.
    private func scores(
        of block: Range<Int>,
        _ previous: Tensor,
        own: (codes: Tensor, areGiven: Tensor)?,
        _ pass: inout DecodingPass
    ) -> [Tensor] {
        let inputs = head.inputs(previous, own: own, slots: block, schedule: schedule)
        let features = pass.features(inputs, of: block, network, packed)
        // The answer after the last entry, `<EoBlk>`, is open only where lists may end.
        let answers = head.configuration.codebookSize + (head.configuration.listsEnd ? 1 : 0)
        var parts: [Tensor] = []
        var start = block.lowerBound
        while start < block.upperBound {
            let codebook = schedule.codebook(ofSlot: start)
            let end = min(block.upperBound, (codebook + 1) * schedule.placeCount)
            let rows = features.narrowed(1, from: start - block.lowerBound, count: end - start)
            let logits = logits(rows, codebook: codebook).narrowed(2, from: 0, count: answers)
            parts.append(logits.to(.float32))
            start = end
        }
        return parts
    }

    /// Scores of `codebook`'s answers, `[B, slots, K + 1]`.
    private func logits(_ features: Tensor, codebook: Int) -> Tensor {
        let (batch, slots) = (features.size(0), features.size(1))
        guard PackedExpert.suits(batch: batch, slots: slots), features.dtype == .float32,
            packedAnswers.indices.contains(codebook)
        else { return head.logits(features, codebook: codebook) }
        let scores = packedAnswers[codebook](Rows(features.floats, width: features.size(2)))
        return Tensor(scores.values, shape: [batch, slots, scores.width])
    }

    /// A code for every slot, int64 `[B, L]`.
    private func chosen(_ scores: [Tensor], _ choose: (Tensor) -> Tensor) -> Tensor {
        .concatenated(
            scores.map { choose($0.reshaped(-1, $0.size(2))).reshaped($0.size(0), $0.size(1)) },
            axis: 1
        )
    }

    /// Which of a block's codes stay before a second look, bool `[B, L]`: the most certain ones, up to the first that
    /// could well have been another.
    private func settled(_ scores: [Tensor], _ codes: Tensor) -> Tensor {
        let all = Tensor.concatenated(scores, axis: 1).logSoftmax(2)
        let doubt = all.gather(axis: 2, codes.unsqueezed(2)).squeezed(2).negated()
        let order = doubt.argsort()
        let sorted = doubt.gather(axis: 1, order)
        let doubtBefore = sorted.cumulativeSum(1) - sorted
        return doubtBefore.gather(axis: 1, order.argsort()).less(Self.negligibleDoubt)
    }

    /// Joint surprise, in nats, of codes that count as certain.
    private static let negligibleDoubt = 0.1
}
