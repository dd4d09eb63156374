public import Torch

/// How a grid of action codes is laid out for block-wise prediction (paper, FASTerVLA 4 and 5).
///
/// Codes run along the places of a codebook, then through the next codebook: coarse to fine. They are cut into
/// blocks, and all codes of a block come out of one forward. The slots of block 1 are fed `<BoBlk>`; those of
/// block j the codes of block j - 1, so that no slot sees its own target; a closing block, fed the last codes, is
/// trained to answer `<EoBlk>`. With blocks of 2 and 4 codes:
///
///     fed        Bo Bo  c1 c2  c3 c4
///     answers    c1 c2  c3 c4  Eo Eo
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
    /// Codebooks, coarse to fine.
    public let codebookCount: Int

    /// Places of a codebook.
    public let placeCount: Int

    /// Codes of one forward; the last block is shorter where the codes do not divide evenly.
    public let blockSize: Int

    /// Creates a schedule for `codebookCount` x `placeCount` codes; one codebook a block unless said otherwise.
    public init(codebookCount: Int, placeCount: Int, blockSize: Int? = nil) {
        precondition(codebookCount > 0 && placeCount > 0, "a schedule needs at least one code")
        precondition(blockSize.map { $0 > 0 } ?? true, "a block has at least one code")
        self.codebookCount = codebookCount
        self.placeCount = placeCount
        self.blockSize = blockSize ?? placeCount
    }

    /// The same codes in blocks of another size.
    public func withBlockSize(_ size: Int) -> BlockSchedule {
        BlockSchedule(codebookCount: codebookCount, placeCount: placeCount, blockSize: min(size, tokenCount))
    }

    /// Codes in all.
    public var tokenCount: Int { codebookCount * placeCount }

    /// The slots of every block, in the order of decoding; as many forwards as there are elements.
    public var blocks: [Range<Int>] {
        stride(from: 0, to: tokenCount, by: blockSize).map { $0 ..< min($0 + blockSize, tokenCount) }
    }

    /// Blocks to decode until `codebooks` whole codebooks are there, if `slots` codes, whole blocks, are there already.
    func blockCount(from slots: Int, toCodebooks codebooks: Int) -> Int {
        max(0, codebooks * placeCount - slots + blockSize - 1) / blockSize
    }

    /// The codebook that the slot's answer belongs to; for the closing slots the last one.
    public func codebook(ofSlot slot: Int) -> Int { min(slot, tokenCount - 1) / placeCount }

    /// The place that the slot's answer belongs to.
    public func place(ofSlot slot: Int) -> Int { slot % placeCount }

    /// The block of a slot; the closing slots are a block of their own.
    public func block(ofSlot slot: Int) -> Int {
        slot < tokenCount ? slot / blockSize : (tokenCount + blockSize - 1) / blockSize
    }

    /// Which slots may see which among the first `count`, bool `[count, count]`: all of their own block and of
    /// earlier ones.
    public func mask(slots count: Int, device: Device) -> Tensor {
        let rows = (0 ..< count).flatMap { row in
            (0 ..< count).map { block(ofSlot: $0) <= block(ofSlot: row) }
        }
        return Tensor(rows, shape: [count, count], device: device)
    }
}

/// Distances between the positions of neighbouring action tokens (paper, spacing augmentation).
public struct Spacing: Codable, Equatable, Sendable {
    /// Distance at inference, and the mean in training.
    public var gap = 2.0

    /// Standard deviation of the distance in training; 0 switches the augmentation off.
    public var deviation = 0.5

    /// Smallest distance in training.
    public var smallest = 1.0

    /// Largest distance in training.
    public var largest = 3.0

    /// The defaults.
    public init() {}

    /// What makes no sense about the numbers, in words that name the key; nil where nothing does.
    public var problem: String? {
        let numbers: KeyValuePairs = [
            "gap": gap, "deviation": deviation, "smallest": smallest, "largest": largest,
        ]
        for (key, number) in numbers where !number.isFinite {
            return "'\(key)' should be a finite number, found \(number)"
        }
        if deviation < 0 { return "'deviation' should be at least 0, found \(deviation)" }
        if deviation > 0, smallest <= largest, !(smallest ... largest).contains(gap) {
            return
                "'gap' should be from 'smallest' to 'largest', \(smallest) to \(largest), as training takes no other, "
                + "found \(gap)"
        }
        return smallest <= largest
            ? nil : "'smallest' should be at most 'largest', which is \(largest), found \(smallest)"
    }

    /// Evenly spaced positions of `count` slots from `start`, float `[1, count]`.
    public func positions(_ count: Int, from start: Int, device: Device) -> Tensor {
        (Tensor.arange(0 ..< count, dtype: .float32, device: device) * gap + Double(start)).unsqueezed(0)
    }

    /// Positions with random whole distances, float `[batch, count]`.
    public func perturbedPositions(_ count: Int, batch: Int, from start: Int, device: Device) -> Tensor {
        guard deviation > 0 else { return positions(count, from: start, device: device) }
        let gaps = (Tensor.randn([batch, count]).to(device) * deviation + gap).clamped(smallest ... largest)
            .rounded()
        return gaps.cumulativeSum(1) - gap + Double(start)
    }
}
