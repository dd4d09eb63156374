internal import CKernels
public import Torch

/// Logits and embeddings of codes as linear functions of their codewords, for a few slots on a CPU.
///
/// Every codebook has tables of its own at every latent position. A logit is the product of a codeword with a map of the slot's features.
/// The two products stay apart: one table of logits a latent position would have as many columns as the features are wide, eight times as much
/// to read.
public struct PackedCodewords: Sendable {
    private let positions: Int
    /// Maps of features to those of the codeword that is likely, then those to logits; of every codebook and latent position.
    private let tables: [(likely: PackedLinear, logits: PackedLinear)]
    /// Maps of codewords to embeddings, of every codebook and latent position.
    private let embeddings: [PackedLinear]
    private let codewords: Rows
    private let codebookSize: Int

    /// Packs the present values.
    ///
    /// - Parameters:
    ///   - codewords: `[codebooks, positions, entries, coordinates]`.
    ///   - outputWeight: Maps of features to codewords, `[codebooks, positions, width, coordinates]`.
    ///   - outputBias: Added to what they map to, `[codebooks, positions, 1, coordinates]`.
    ///   - inputWeight: Maps of codewords to embeddings, `[codebooks · positions, coordinates, width]`.
    public init(codewords: Tensor, outputWeight: Tensor, outputBias: Tensor, inputWeight: Tensor) {
        let (entries, coordinates, width) = (codewords.size(2), codewords.size(3), outputWeight.size(2))
        (positions, codebookSize) = (codewords.size(1), entries)
        let count = codewords.size(0) * positions
        let likely = outputWeight.transposed(2, 3).reshaped(count, coordinates * width)
        let (shifts, vectors) = (
            outputBias.reshaped(count, coordinates), codewords.reshaped(count, entries * coordinates)
        )
        let inputs = inputWeight.transposed(1, 2).reshaped(count, width * coordinates)
        self.codewords = Rows(codewords.floats, width: coordinates)
        tables = (0 ..< count).map { index in
            (
                PackedLinear(
                    weight: likely.select(0, index).floats,
                    bias: shifts.select(0, index).floats,
                    outputs: coordinates
                ),
                PackedLinear(weight: vectors.select(0, index).floats, outputs: entries)
            )
        }
        embeddings = (0 ..< count).map {
            PackedLinear(weight: inputs.select(0, $0).floats, outputs: width)
        }
    }

    /// Adds logits to scores of the entries of a codebook.
    ///
    /// - Parameters:
    ///   - features: Features of slots, `[batch · slots, width]`.
    ///   - codebook: Codebook of all of them.
    ///   - first: Latent position of an element's first slot; those of the others follow it.
    ///   - slots: Slots of an element of the batch.
    ///   - scores: Scores of the entries and perhaps of more classes, `[batch · slots, classes]`.
    public func addLogits(
        of features: Rows,
        codebook: Int,
        from first: Int,
        slots: Int,
        to scores: inout Rows
    ) {
        precondition(scores.count == features.count && scores.width >= codebookSize, "scores of other slots")
        let (count, width, classes) = (features.count, features.width, scores.width)
        features.values.withUnsafeBufferPointer { features in
            scores.values.withUnsafeMutableBufferPointer { scores in
                guard let features = features.baseAddress, let scores = scores.baseAddress else { return }
                for slot in 0 ..< slots {
                    let table = tables[codebook * positions + first + slot]
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: table.likely.outputs) { likely in
                        guard let likely = likely.baseAddress else { return }
                        // A table stays in the cache for the slots of a batch.
                        for row in stride(from: slot, to: count, by: slots) {
                            let x = features + row * width
                            table.likely.apply(x, stride: width, rows: 1, to: likely, adding: false)
                            let y = scores + row * classes
                            table.logits.apply(likely, stride: 0, rows: 1, to: y, adding: true)
                        }
                    }
                }
            }
        }
    }

    /// Adds the embedding of `entry`, of a codebook at a latent position, to a row of `inputs`, `[slots, width]`.
    public func addEmbedding(
        of entry: Int,
        codebook: Int,
        position: Int,
        toRow row: Int,
        of inputs: inout Rows
    ) {
        let (table, width) = (codebook * positions + position, inputs.width)
        let codeword = (table * codebookSize + entry) * codewords.width
        codewords.values.withUnsafeBufferPointer { codewords in
            inputs.values.withUnsafeMutableBufferPointer { inputs in
                guard let codewords = codewords.baseAddress, let inputs = inputs.baseAddress else { return }
                let y = inputs + row * width
                embeddings[table].apply(codewords + codeword, stride: 0, rows: 1, to: y, adding: true)
            }
        }
    }
}
