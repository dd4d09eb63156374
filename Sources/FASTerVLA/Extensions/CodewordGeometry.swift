internal import ActionTokenizers
internal import CPUInference
internal import NN
internal import Torch

// Axes in this file
//   B  batch      L  slots      N  latent positions      K  codebook entries      C  coordinates of a codeword

/// Logits and embeddings of codes as functions of their codewords, added to those that a head learns entry by entry.
///
/// Departure from arXiv 2512.04952. A policy has one classifier and one table of embeddings a codebook, whose rows see each entry a few
/// times in a short training, and mean something else at every latent position where the tokenizer has codebooks of its own for each
/// (Documentation/Decisions/0041).
struct CodewordGeometry: Module {
    /// Codewords with root mean squares of 1, then their squared lengths, `[codebooks, N, K, C + 1]`.
    @Buffer private var features: Tensor

    /// Maps of a slot's features to those of the codeword that is likely, `[codebooks, N, width, C + 1]`.
    @Parameter private var outputWeight: Tensor
    /// `[codebooks, N, 1, C + 1]`.
    @Parameter private var outputBias: Tensor

    /// Maps of codewords to embeddings, `[codebooks · N, C + 1, width]`.
    @Parameter private var inputWeight: Tensor

    /// Creates maps for codewords of `coordinates`, which are to be set or loaded.
    init(_ schedule: BlockSchedule, codebookSize: Int, coordinates: Int, width: Int, device: Device) {
        let (codebooks, positions, count) = (
            schedule.codebookCount, schedule.latentPositionCount, coordinates + 1
        )
        func weights(_ shape: [Int], _ deviation: Double) -> Parameter<Tensor> {
            Parameter(wrappedValue: .normalParameter(shape, standardDeviation: deviation, device: device))
        }
        _features = Buffer(wrappedValue: .zeros([codebooks, positions, codebookSize, count], device: device))
        _outputWeight = weights([codebooks, positions, width, count], 0.1 / Double(width).squareRoot())
        _outputBias = Parameter(wrappedValue: .zeros([codebooks, positions, 1, count], device: device))
        _inputWeight = weights([codebooks * positions, count, width], 0.5 / Double(count).squareRoot())
    }

    /// Takes the codewords of the tokenizer whose codes are predicted.
    func set(_ codewords: Codewords) {
        let (codebooks, positions) = (codewords.codebookCount, codewords.latentPositionCount)
        precondition(
            features.shape == [codebooks, positions, codewords.codebookSize, codewords.width + 1],
            "the head was made for codewords of another shape"
        )
        let vectors = Tensor(
            codewords.values,
            shape: [codebooks, positions, codewords.codebookSize, codewords.width],
            device: features.device
        )
        // Residuals become smaller from codebook to codebook.
        let scale = vectors.squared().mean(2, 3, keepingAxes: true).sqrt().clamped(1e-9 ... .infinity)
        let scaled = vectors / scale
        let lengths = scaled.squared().mean(3, keepingAxes: true) - 1
        withoutGradients { features.copyInPlace(.concatenated([scaled, lengths], axis: 3)) }
    }

    /// The present values, for kernels.
    var packed: PackedCodewords {
        PackedCodewords(
            codewords: features,
            outputWeight: outputWeight,
            outputBias: outputBias,
            inputWeight: inputWeight
        )
    }

    /// Logits of the entries of a codebook at some latent positions.
    ///
    /// - Parameters:
    ///   - slots: Features of the slots, `[B, L, width]`.
    ///   - codebook: Codebook of all of them.
    ///   - positions: Their latent positions.
    /// - Returns: `[B, L, K + 1]`; 0 for `<EoBlk>`.
    func logits(_ slots: Tensor, codebook: Int, positions: Range<Int>) -> Tensor {
        func part(_ tensor: Tensor) -> Tensor {
            tensor.select(0, codebook).narrowed(0, from: positions.lowerBound, count: positions.count)
        }
        let likely = slots.transposed(0, 1).matmul(part(outputWeight)) + part(outputBias)
        return likely.matmul(part(features).transposed(1, 2)).transposed(0, 1).padded([0, 1])
    }

    /// Embeddings of codes, int64 `[B, L]`, of the slots `range`: `[B, L, width]`; those of slots before the first do not matter.
    func embedded(_ codes: Tensor, slots range: Range<Int>, _ schedule: BlockSchedule) -> Tensor {
        let (size, positions) = (features.size(2), schedule.latentPositionCount)
        let tables = range.map {
            $0 < 0 ? 0 : schedule.codebook(ofSlot: $0) * positions + schedule.latentPosition(ofSlot: $0)
        }
        let starts = Tensor(tables.map { $0 * size }, device: codes.device)
        let rows = (codes + starts).embedded(in: features.reshaped(-1, features.size(3)))
        let maps = inputWeight.gathering(Tensor(tables, device: codes.device), axis: 0)
        return rows.transposed(0, 1).matmul(maps).transposed(0, 1)
    }
}
