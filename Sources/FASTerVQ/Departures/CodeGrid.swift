internal import Torch

/// Codes of one robot's chunks by their origin.
///
/// Groups that pass through the autoencoder have codes of latents first, then of action-space stages; groups that bypass
/// it have codes of stages only, in as many codebooks.
/// Departure from arXiv 2512.04952, all of whose codes are of latents.
struct CodeGrid {
    /// Codes of latents, int64 `[B, N of the autoencoded groups, codebooks]`.
    let latentCodes: Tensor

    /// Codes of the action-space stages of every group, int64 `[B, P, stages]`.
    let stageCodes: [Tensor]

    private let patchifier: ActionPatchifier

    /// Joins codes.
    init(latentCodes: Tensor, stageCodes: [Tensor], _ patchifier: ActionPatchifier) {
        self.latentCodes = latentCodes
        self.stageCodes = stageCodes
        self.patchifier = patchifier
    }

    /// Splits codes by their origin.
    ///
    /// - Parameters:
    ///   - codes: Codes of the first or of all codebooks, int64 `[B, codebooks · N]`.
    ///   - patchifier: Layout of the robot's chunks.
    ///   - latentCodebookCount: Number of codebooks of latents.
    init(_ codes: Tensor, _ patchifier: ActionPatchifier, latentCodebookCount: Int) {
        let groups = codes.reshaped(codes.size(0), -1, patchifier.latentPositionCount).transposed(1, 2)
            .split(sizes: patchifier.groups.map(\.patchCount), axis: 1)
        let latentCount = min(latentCodebookCount, groups[0].size(2))
        func part(_ group: Int, _ range: Range<Int>) -> Tensor {
            groups[group].narrowed(2, from: range.lowerBound, count: range.count)
        }
        let all = groups[0].size(2)
        let bypasses = patchifier.groups.map(\.shape.bypassesAutoencoder)
        self.init(
            latentCodes: .concatenated(
                bypasses.indices.filter { !bypasses[$0] }.map { part($0, 0 ..< latentCount) },
                axis: 1
            ),
            stageCodes: bypasses.indices.map { part($0, (bypasses[$0] ? 0 : latentCount) ..< all) },
            patchifier
        )
    }

    /// Codes along the latent positions of the first codebook, then of the next, int64 `[B, codebooks · N]`.
    var flat: Tensor {
        var latents = latentCodes.split(sizes: patchifier.autoencoded.groups.map(\.patchCount), axis: 1)[...]
        let groups = zip(patchifier.groups, stageCodes).map { group, stages in
            group.shape.bypassesAutoencoder
                ? stages : .concatenated([latents.removeFirst(), stages], axis: 2)
        }
        return Tensor.concatenated(groups, axis: 1).transposed(1, 2).reshaped(latentCodes.size(0), -1)
    }
}
