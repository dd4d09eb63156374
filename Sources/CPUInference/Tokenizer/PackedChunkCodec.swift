public import FASTerVQ
internal import NN
internal import RobotTypes
internal import Torch
internal import VectorQuantization

/// FASTerVQ's encoder and decoder of single chunks on hand-written CPU kernels, for low latency.
///
/// The same functions as `FASTerVQModel`'s, without libtorch, and with everything done before that does not depend on the
/// chunk: layer scales are part of the products before them, the vectors of latent positions are computed once.
public struct PackedChunkCodec: ChunkCodec {
    private let patchifier: ActionPatchifier
    private let codebookCount: Int
    /// Number of codebooks of latents.
    private let latentCodebookCount: Int
    private let groups: [Group]
    private let encoderPositions: Rows
    private let encoder: PackedTransformer
    private let toLatent: PackedLinear
    private let decoderPositions: Rows
    private let fromLatent: PackedLinear
    private let decoder: PackedTransformer

    /// One group of the robot.
    private struct Group {
        let columns: Range<Int>
        /// Its latent positions among all of the chunk's.
        let positions: Range<Int>
        let stages: PackedStages
        /// Its way through the autoencoder; nil where it bypasses it.
        let autoencoded: AutoencodedGroup?
    }

    /// One group's way through the autoencoder.
    private struct AutoencodedGroup {
        /// Its rows among the latents.
        let rows: Range<Int>
        let embedding: PackedPatchEmbedding
        let unembedding: PackedPatchUnembedding
        /// Entries by codebook.
        let entries: [PackedEntries]
    }

    /// Packs the weights of `model`, which must not change afterwards, for `robot`; nil where they are not on the CPU.
    public init?(_ model: FASTerVQModel, _ robot: Embodiment) {
        guard model.device == .cpu else { return nil }
        let (autoencoder, patchifier) = (model.autoencoder, robot.patchifier)
        let latentCodebookCount = model.quantizer.codebookCount
        var (position, row) = (0, 0)
        groups = zip(patchifier.groups, robot.patchBounds).map { group, bounds in
            let positions = position ..< position + group.patchCount
            position = positions.upperBound
            let bypasses = group.shape.bypassesAutoencoder
            let stages = PackedStages(
                model.actionSpaceQuantizer.stages[model.actionSpaceQuantizer.types.index(of: group)].entries,
                firstCodebook: bypasses ? 0 : latentCodebookCount,
                group,
                horizon: patchifier.horizon,
                bounds
            )
            guard !bypasses else {
                return Group(columns: group.columns, positions: positions, stages: stages, autoencoded: nil)
            }
            let (type, rows) = (autoencoder.types.index(of: group), row ..< row + group.patchCount)
            row = rows.upperBound
            let entries = model.quantizer.quantizers[type].entries
            let autoencoded = AutoencodedGroup(
                rows: rows,
                embedding: PackedPatchEmbedding(autoencoder.patchEmbeddings[type]),
                unembedding: PackedPatchUnembedding(autoencoder.patchUnembeddings[type]),
                entries: (0 ..< latentCodebookCount).map { PackedEntries(Rows(entries.select(0, $0))) }
            )
            return Group(
                columns: group.columns,
                positions: positions,
                stages: stages,
                autoencoded: autoencoded
            )
        }
        func vectors(_ embeddings: [LatentPositionEmbedding]) -> Rows {
            let groups = patchifier.autoencoded.groups
            let vectors = groups.map { embeddings[autoencoder.types.index(of: $0)]($0) }
            return withoutGradients { Rows(Tensor.concatenated(vectors, axis: 0)) }
        }
        self.patchifier = patchifier
        self.latentCodebookCount = latentCodebookCount
        codebookCount = model.configuration.codebookCount
        encoderPositions = vectors(autoencoder.encoderPositions)
        decoderPositions = vectors(autoencoder.decoderPositions)
        encoder = PackedTransformer(autoencoder.encoder, norm: autoencoder.encoderNorm)
        decoder = PackedTransformer(autoencoder.decoder, norm: autoencoder.decoderNorm)
        toLatent = PackedLinear(autoencoder.toLatent)
        fromLatent = PackedLinear(autoencoder.fromLatent)
    }

    /// Codes of a normalised chunk, `[T · D]`: along the latent positions, then the codebooks.
    ///
    /// Steps from `validSteps` on do not count for the action-space stages.
    public func codes(for chunk: [Float], validSteps: Int) -> [Int] {
        let dimension = chunk.count / patchifier.horizon
        let positionCount = patchifier.latentPositionCount
        let targets = groups.map { group in
            (0 ..< patchifier.horizon).flatMap { step in
                chunk[
                    step * dimension + group.columns.lowerBound ..< step * dimension
                        + group.columns.upperBound
                ]
            }
        }
        var codes = [Int](repeating: 0, count: codebookCount * positionCount)
        let latents = latents(of: targets) { codebook, position, code in
            codes[codebook * positionCount + position] = code
        }
        for ((group, target), start) in zip(zip(groups, targets), decoded(latents)) {
            group.stages.encode(target, from: start, validSteps: validSteps) { codebook, patch, code in
                codes[codebook * positionCount + group.positions.lowerBound + patch] = code
            }
        }
        return codes
    }

    /// The normalised chunk, `[T · D]`, of the codes of all codebooks or of the first ones.
    public func actions(for codes: [Int]) -> [Float] {
        let positionCount = patchifier.latentPositionCount
        let codebooks = codes.count / positionCount
        var latents = Rows(count: decoderPositions.count, width: fromLatent.inputs)
        for group in groups {
            guard let autoencoded = group.autoencoded else { continue }
            for codebook in 0 ..< min(codebooks, latentCodebookCount) {
                for (row, position) in zip(autoencoded.rows, group.positions) {
                    let code = codes[codebook * positionCount + position]
                    autoencoded.entries[codebook].add(code, toRow: row, of: &latents)
                }
            }
        }
        let dimension = patchifier.groups.map(\.columns.upperBound).max() ?? 0
        var chunk = [Float](repeating: 0, count: patchifier.horizon * dimension)
        for (group, start) in zip(groups, decoded(latents)) {
            var values = start
            for codebook in group.stages.codebooks.clamped(to: 0 ..< codebooks) {
                for (patch, position) in group.positions.enumerated() {
                    let code = codes[codebook * positionCount + position]
                    group.stages.add(code, of: codebook, at: patch, to: &values)
                }
            }
            for step in 0 ..< patchifier.horizon {
                for column in group.columns {
                    chunk[step * dimension + column] =
                        values[step * group.columns.count + column - group.columns.lowerBound]
                }
            }
        }
        return chunk
    }

    /// Sums of the entries that stand for the groups, `[rows, latentWidth]`, each of whose codes is handed to `found`.
    private func latents(
        of targets: [[Float]],
        _ found: (_ codebook: Int, _ position: Int, _ code: Int) -> Void
    ) -> Rows {
        var vectors = encoderPositions
        var residual = Rows(count: vectors.count, width: toLatent.outputs)
        for (group, target) in zip(groups, targets) {
            guard let autoencoded = group.autoencoded else { continue }
            autoencoded.embedding.embed(
                target,
                columns: group.columns.count,
                rows: autoencoded.rows,
                to: &vectors,
                &residual
            )
        }
        toLatent.add(encoder(vectors), to: &residual)
        var sums = Rows(count: residual.count, width: residual.width)
        for group in groups {
            guard let autoencoded = group.autoencoded else { continue }
            for (codebook, entries) in autoencoded.entries.enumerated() {
                for (row, position) in zip(autoencoded.rows, group.positions) {
                    let code = entries.nearest(to: row, of: residual)
                    entries.add(code, times: -1, toRow: row, of: &residual)
                    entries.add(code, toRow: row, of: &sums)
                    found(codebook, position, code)
                }
            }
        }
        return sums
    }

    /// Every group, `[T · columns]`, as decoded within the recorded range; zero where it bypasses the autoencoder.
    private func decoded(_ latents: Rows) -> [[Float]] {
        var vectors = decoderPositions
        fromLatent.add(latents, to: &vectors)
        vectors = decoder(vectors)
        return groups.map { group in
            let columns = group.columns.count
            guard let autoencoded = group.autoencoded else {
                return [Float](repeating: 0, count: patchifier.horizon * columns)
            }
            let steps = autoencoded.unembedding.steps(
                vectors[autoencoded.rows],
                latents: latents[autoencoded.rows]
            )
            let values = (0 ..< patchifier.horizon).flatMap { step in
                steps.values[step * steps.width ..< step * steps.width + columns]
            }
            return group.stages.clipped(values)
        }
    }
}
