internal import CPUInference
internal import NN
internal import Torch

// Axes in this file
//   B  batch      L  slots of this forward      K  entries of a codebook

/// Inputs and scores of the slots of one forward.
protocol BlockHeadForwards: Sendable {
    /// Inputs of the slots `range`, `[B, L, width]`; see ``BlockHead/inputs(_:slots:schedule:)``.
    func inputs(_ previous: Tensor, slots range: Range<Int>, schedule: BlockSchedule) -> Tensor

    /// Scores of all classes of a codebook, `[B, L, K + 1]`; see ``BlockHead/scores(of:codebook:positions:)``.
    func scores(of features: Tensor, codebook: Int, positions: Range<Int>) -> Tensor
}

extension BlockHead: BlockHeadForwards {}

/// A head of tokens on hand-written kernels, for a few slots on a CPU; larger forwards are left to libtorch.
struct PackedBlockHead: BlockHeadForwards {
    private let plain: BlockHead
    private let classifiers: [PackedLinear]
    private let codewords: PackedCodewords?
    /// `<BoBlk>`, one row.
    private let beginOfBlock: Rows
    private let latentPositions: Rows
    private let codebooks: Rows

    /// Copies the present weights of `head`, but for its table of embeddings, which it shares; nil unless they are in single precision in a
    /// CPU's memory.
    init?(_ head: BlockHead) {
        let table = head.embedding.weight
        guard table.isOnHost, head.tensors.allSatisfy({ $0.tensor.dtype == .float32 }) else { return nil }
        func rows(_ embedding: Embedding) -> Rows {
            Rows(embedding.weight.floats, width: embedding.weight.size(1))
        }
        plain = head
        classifiers = head.classifiers.map { PackedLinear($0) }
        codewords = head.codewords?.packed
        (beginOfBlock, latentPositions, codebooks) = (
            rows(head.beginOfBlock), rows(head.latentPositions), rows(head.codebooks)
        )
    }

    func inputs(_ previous: Tensor, slots range: Range<Int>, schedule: BlockSchedule) -> Tensor {
        let batch = previous.size(0)
        guard PackedSuffixDecoder.suits(rows: batch * range.count), range.upperBound <= schedule.tokenCount
        else { return plain.inputs(previous, slots: range, schedule: schedule) }
        let tokens = range.lowerBound < schedule.blockSize ? [] : previous.integers
        var inputs = Rows(count: batch * range.count, width: beginOfBlock.width)
        for row in 0 ..< inputs.count {
            let slot = range.lowerBound + row % range.count
            inputs.add(row: schedule.latentPosition(ofSlot: slot), of: latentPositions, toRow: row)
            inputs.add(row: schedule.codebook(ofSlot: slot), of: codebooks, toRow: row)
            if tokens.isEmpty {
                inputs.add(row: 0, of: beginOfBlock, toRow: row)
            } else {
                add(tokens[row], ofSlot: slot - schedule.blockSize, schedule, toRow: row, of: &inputs)
            }
        }
        return Tensor(inputs.values, shape: [batch, range.count, inputs.width])
    }

    /// Adds the embedding of the token of a slot to a row.
    private func add(
        _ token: Int,
        ofSlot slot: Int,
        _ schedule: BlockSchedule,
        toRow row: Int,
        of inputs: inout Rows
    ) {
        let (codebook, size) = (schedule.codebook(ofSlot: slot), plain.configuration.codebookSize)
        let width = inputs.width
        plain.embedding.weight.withMutableBytes { bytes in
            let table = UnsafeBufferPointer(bytes.bindMemory(to: Float.self))
            let first = (codebook * size + token) * width
            inputs.add(UnsafeBufferPointer(rebasing: table[first ..< first + width]), toRow: row)
        }
        codewords?.addEmbedding(
            of: token,
            codebook: codebook,
            position: schedule.latentPosition(ofSlot: slot),
            toRow: row,
            of: &inputs
        )
    }

    func scores(of features: Tensor, codebook: Int, positions: Range<Int>) -> Tensor {
        let (batch, slots, width) = (features.size(0), features.size(1), features.size(2))
        guard PackedSuffixDecoder.suits(rows: batch * slots), features.dtype == .float32 else {
            return plain.scores(of: features, codebook: codebook, positions: positions)
        }
        let rows = Rows(features.floats, width: width)
        var scores = classifiers[codebook](rows)
        codewords?.addLogits(
            of: rows,
            codebook: codebook,
            from: positions.lowerBound,
            slots: slots,
            to: &scores
        )
        return Tensor(scores.values, shape: [batch, slots, scores.width])
    }
}
