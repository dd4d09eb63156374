internal import NN
internal import Torch

// Axes in this file
//   B  batch      N  tokens      L  slots of a block

/// Mask-predict re-decoding of blocks (arXiv 1904.09324): an extension of the paper's block-wise decoding.
///
/// Tokens of a block are chosen independently, so where two motions are equally good, a block may mix both. A head that was
/// trained with tokens of the same block revealed decodes a block a second time: almost certain tokens are kept, and one
/// uncertain token, which decides between the motions; the others are chosen given these.
struct MaskPredict: Module {
    /// Added to a token that is revealed to its own slot, `[1, width]`.
    let revealed: Embedding

    init(width: Int, device: Device) {
        revealed = Embedding(1, width, standardDeviation: 0.5, device: device)
    }

    /// Samples the tokens that a training step reveals: of half of the blocks none, of the others any fraction.
    ///
    /// - Parameters:
    ///   - codes: int64 `[B, N]`; those below 0 count in no loss, and are not revealed.
    ///   - schedule: Layout of the codes.
    /// - Returns: bool `[B, N]`.
    static func sampleRevealed(of codes: Tensor, _ schedule: BlockSchedule) -> Tensor {
        let (batch, device, blocks) = (codes.size(0), codes.device, schedule.blocks)
        let fractions = (Tensor.rand([batch, blocks.count]).to(device) * 2 - 1).clamped(0 ... 1)
        let uniform = Tensor.rand([batch, schedule.tokenCount]).to(device)
        // One token of every block that counts is left to be predicted: without any, a codebook has no loss.
        let counted = uniform.filled(where: codes.less(0), with: 0)
        let last = blocks.map { counted.narrowed(1, from: $0.lowerBound, count: $0.count).max(1) }
        let limits = fractions.minimum(.stacked(last, axis: 1))
        let blockOfSlot = (0 ..< schedule.tokenCount).map { schedule.block(ofSlot: $0) }
        return uniform.less(limits.gathering(Tensor(blockOfSlot, device: device), axis: 1))
            .and(codes.greaterOrEqual(0))
    }

    /// Joint surprise, in nats, of tokens that count as certain.
    private static let negligibleDoubt = 0.1

    /// Marks the tokens of a block to keep: the most certain ones, up to the first that could well have been another.
    ///
    /// - Parameters:
    ///   - tokens: The block's tokens, int64 `[B, L]`.
    ///   - logits: A part for every codebook that the block reaches into, each `[B, slots, K]`.
    /// - Returns: bool `[B, L]`.
    static func isKept(_ tokens: Tensor, _ logits: [Tensor]) -> Tensor {
        let all = Tensor.concatenated(logits, axis: 1).logSoftmax(2)
        let doubt = all.gather(axis: 2, tokens.unsqueezed(2)).squeezed(2).negated()
        let order = doubt.argsort()
        let sorted = doubt.gather(axis: 1, order)
        let doubtBefore = sorted.cumulativeSum(1) - sorted
        return doubtBefore.gather(axis: 1, order.argsort()).less(negligibleDoubt)
    }
}

extension BlockHead {
    /// Adds to `inputs` of slots, `[B, L, width]`, the tokens that are revealed to them.
    func revealing(
        _ tokens: Tensor,
        _ isRevealed: Tensor,
        in inputs: Tensor,
        slots: Range<Int>,
        _ schedule: BlockSchedule
    ) -> Tensor {
        guard let maskPredict else { return inputs }
        let known = embedded(tokens, slots: slots, schedule) + maskPredict.revealed.weight
        return inputs + known * isRevealed.to(known.dtype).unsqueezed(2)
    }

    /// Reveals some of `codes`, int64 `[B, N]`, to their own slots.
    func reveal(_ codes: Tensor, _ isRevealed: Tensor, in suffix: inout TeacherForcedSuffix) {
        let schedule = configuration.schedule
        let closing = schedule.blockSize
        suffix.inputs = revealing(
            codes.padded([0, closing]),
            isRevealed.padded([0, closing]),
            in: suffix.inputs,
            slots: 0 ..< schedule.tokenCount + closing,
            schedule
        )
    }
}

extension BlockDecoder {
    /// Decodes a block again, with the certain tokens of the first forward revealed.
    ///
    /// - Parameters:
    ///   - tokens: Tokens of the first forward.
    ///   - logits: Logits of the first forward: a part for every codebook that the block reaches into, each `[B, slots, K]`.
    ///   - inputs: Inputs of the first forward.
    ///   - block: Slots of the block.
    ///   - suffix: Everything decoded, the first forward included.
    ///   - choice: Chooses tokens by their logits.
    /// - Returns: int64 `[B, L]`.
    func redecoded(
        _ tokens: Tensor,
        _ logits: [Tensor],
        _ inputs: Tensor,
        _ block: Range<Int>,
        _ suffix: inout DecodingSuffix,
        _ choice: TokenChoice
    ) -> Tensor {
        let isKept = MaskPredict.isKept(tokens, logits)
        suffix.forget(block.count)
        let revealed = head.revealing(head.lookUp(tokens), isKept, in: inputs, slots: block, schedule)
        let scores = scores(of: suffix.features(revealed, of: block), block)
        let again = chosen(scores.map(head.choosable), of: block, choice)
        return tokens.selected(where: isKept, otherwise: again)
    }
}
