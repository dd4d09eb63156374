public import Torch

/// Layout of a grid of action codes for block-wise autoregression (arXiv 2512.04952, block-wise autoregressive decoding).
///
/// Codes run along the latent positions of a codebook, then through the next codebook: coarse to fine. They form blocks, and
/// all codes of a block come out of one forward. The slots of block 1 are fed `<BoBlk>`; those of block j the codes of block
/// j - 1, so that no slot sees its own target; a closing block, fed the last codes, is trained to predict `<EoBlk>`. With
/// blocks of 2 and 4 codes:
///
///     fed        Bo Bo  c1 c2  c3 c4
///     predicts   c1 c2  c3 c4  Eo Eo
///
///     attends    1 1 . . . .
///                1 1 . . . .
///                1 1 1 1 . .
///                1 1 1 1 . .
///                1 1 1 1 1 1
///                1 1 1 1 1 1
///
/// A block size of 1 is ordinary token-wise autoregression.
public struct BlockSchedule: Codable, Equatable, Sendable {
    /// Number of codebooks, coarse to fine.
    public let codebookCount: Int

    /// Number of latent positions, each with a code of every codebook.
    public let latentPositionCount: Int

    /// Number of codes per forward; the last block is shorter where the codes do not divide evenly.
    public let blockSize: Int

    /// Creates a schedule for `codebookCount` x `latentPositionCount` codes; one codebook a block unless said otherwise.
    public init(codebookCount: Int, latentPositionCount: Int, blockSize: Int? = nil) {
        precondition(codebookCount > 0 && latentPositionCount > 0, "a schedule needs at least one code")
        precondition(blockSize.map { $0 > 0 } ?? true, "a block has at least one code")
        self.codebookCount = codebookCount
        self.latentPositionCount = latentPositionCount
        self.blockSize = blockSize ?? latentPositionCount
    }

    /// The same codes in blocks of another size.
    public func withBlockSize(_ size: Int) -> BlockSchedule {
        BlockSchedule(
            codebookCount: codebookCount,
            latentPositionCount: latentPositionCount,
            blockSize: min(size, tokenCount)
        )
    }

    /// True if every block is one codebook.
    public var isBlockPerCodebook: Bool { blockSize == latentPositionCount }

    /// Number of codes in all.
    public var tokenCount: Int { codebookCount * latentPositionCount }

    /// The slots of every block, in the order of decoding: a forward each.
    public var blocks: [Range<Int>] {
        stride(from: 0, to: tokenCount, by: blockSize).map { $0 ..< min($0 + blockSize, tokenCount) }
    }

    /// Number of blocks from slot `slots`, where a block begins, to the last slot of `codebooks` codebooks.
    func blockCount(from slots: Int, toCodebooks codebooks: Int) -> Int {
        max(0, codebooks * latentPositionCount - slots + blockSize - 1) / blockSize
    }

    /// Index of the codebook that a slot predicts; of the last one for closing slots.
    public func codebook(ofSlot slot: Int) -> Int { min(slot, tokenCount - 1) / latentPositionCount }

    /// Index of the latent position that a slot predicts.
    public func latentPosition(ofSlot slot: Int) -> Int { slot % latentPositionCount }

    /// Index of a slot's block; the closing slots are a block of their own.
    public func block(ofSlot slot: Int) -> Int {
        slot < tokenCount ? slot / blockSize : (tokenCount + blockSize - 1) / blockSize
    }

    /// Attention mask of the first `count` slots, bool `[count, count]`: a slot sees its own block and earlier ones.
    public func mask(slots count: Int, device: Device) -> Tensor {
        let rows = (0 ..< count).flatMap { row in
            (0 ..< count).map { block(ofSlot: $0) <= block(ofSlot: row) }
        }
        return Tensor(rows, shape: [count, count], device: device)
    }
}
