public import FASTerVQ
internal import NN
internal import RobotTypes
internal import Torch
internal import VectorQuantization

/// FASTerVQ's encoder and decoder on hand-written CPU kernels.
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

    /// Chunks that pass the network together: so many rows that products take the processor's time, and no more than its cache holds.
    private static let chunksAtOnce = 8

    /// Codes of normalised chunks, `[T · D]` each: along the latent positions, then the codebooks.
    ///
    /// Steps from a chunk's `validSteps` on do not count for the action-space stages.
    public func codes(for chunks: [[Float]], validSteps: [Int]) -> [[Int]] {
        Self.inParts(chunks.count) { part in
            encoded(Array(chunks[part]), validSteps: Array(validSteps[part]))
        }
    }

    /// The normalised chunks, `[T · D]` each, of the codes of all codebooks or of the first ones.
    public func actions(for codes: [[Int]]) -> [[Float]] {
        Self.inParts(codes.count) { chunks(of: Array(codes[$0])) }
    }

    /// Results of `body` for ranges of chunks, which threads share.
    private static func inParts<Result: Sendable>(
        _ count: Int,
        _ body: (Range<Int>) -> [Result]
    ) -> [Result] {
        let parts = stride(from: 0, to: count, by: chunksAtOnce).map { $0 ..< min($0 + chunksAtOnce, count) }
        return inParallel(parts.count) { body(parts[$0]) }.flatMap(\.self)
    }
}

// MARK: Encoding

extension PackedChunkCodec {
    /// Codes of chunks that pass the network together.
    private func encoded(_ chunks: [[Float]], validSteps: [Int]) -> [[Int]] {
        let positionCount = patchifier.latentPositionCount
        let targets = chunks.map { chunk in groups.map { columns($0.columns, of: chunk) } }
        var codes = [[Int]](
            repeating: [Int](repeating: 0, count: codebookCount * positionCount),
            count: chunks.count
        )
        let latents = latents(of: targets) { chunk, codebook, position, code in
            codes[chunk][codebook * positionCount + position] = code
        }
        let starts = decoded(latents, count: chunks.count)
        for (index, group) in groups.enumerated() {
            group.stages.encode(
                targets.map { $0[index] },
                from: starts.map { $0[index] },
                validSteps: validSteps
            ) { chunk, codebook, patch, code in
                codes[chunk][codebook * positionCount + group.positions.lowerBound + patch] = code
            }
        }
        return codes
    }

    /// Columns of a chunk, `[T · columns]`.
    private func columns(_ columns: Range<Int>, of chunk: [Float]) -> [Float] {
        let dimension = chunk.count / patchifier.horizon
        return (0 ..< patchifier.horizon).flatMap { step in
            chunk[step * dimension + columns.lowerBound ..< step * dimension + columns.upperBound]
        }
    }

    /// Sums of the entries that stand for the groups of chunks, `[chunks · rows, latentWidth]`, each of whose codes is handed to
    /// `found`.
    private func latents(
        of targets: [[[Float]]],
        _ found: (_ chunk: Int, _ codebook: Int, _ position: Int, _ code: Int) -> Void
    ) -> Rows {
        let length = encoderPositions.count
        var vectors = encoderPositions.repeated(targets.count)
        var residual = Rows(count: vectors.count, width: toLatent.outputs)
        for (chunk, targets) in targets.enumerated() {
            for (group, target) in zip(groups, targets) {
                guard let autoencoded = group.autoencoded else { continue }
                autoencoded.embedding.embed(
                    target,
                    columns: group.columns.count,
                    rows: autoencoded.rows.moved(by: chunk * length),
                    to: &vectors,
                    &residual
                )
            }
        }
        toLatent.add(encoder(vectors, length: length), to: &residual)
        var sums = Rows(count: residual.count, width: residual.width)
        for group in groups {
            guard let autoencoded = group.autoencoded else { continue }
            let rows = targets.indices.flatMap { chunk in autoencoded.rows.map { chunk * length + $0 } }
            var left = residual.gathered(rows)
            for (codebook, entries) in autoencoded.entries.enumerated() {
                for (index, code) in entries.nearest(to: left).enumerated() {
                    let (chunk, patch) = index.quotientAndRemainder(dividingBy: autoencoded.rows.count)
                    entries.add(code, times: -1, toRow: index, of: &left)
                    entries.add(code, toRow: rows[index], of: &sums)
                    found(chunk, codebook, group.positions.lowerBound + patch, code)
                }
            }
        }
        return sums
    }
}

// MARK: Decoding

extension PackedChunkCodec {
    /// Chunks of codes that pass the network together.
    private func chunks(of codes: [[Int]]) -> [[Float]] {
        let (positionCount, length) = (patchifier.latentPositionCount, decoderPositions.count)
        let codebooks = (codes.first?.count ?? 0) / positionCount
        var latents = Rows(count: codes.count * length, width: fromLatent.inputs)
        for (chunk, codes) in codes.enumerated() {
            for group in groups {
                guard let autoencoded = group.autoencoded else { continue }
                for codebook in 0 ..< min(codebooks, latentCodebookCount) {
                    for (row, position) in zip(autoencoded.rows, group.positions) {
                        let code = codes[codebook * positionCount + position]
                        autoencoded.entries[codebook].add(code, toRow: chunk * length + row, of: &latents)
                    }
                }
            }
        }
        return zip(codes, decoded(latents, count: codes.count)).map { codes, starts in
            chunk(of: codes, from: starts, codebooks: codebooks)
        }
    }

    /// A chunk, `[T · D]`, of its groups as decoded and the codes of the action-space stages.
    private func chunk(of codes: [Int], from starts: [[Float]], codebooks: Int) -> [Float] {
        let dimension = patchifier.groups.map(\.columns.upperBound).max() ?? 0
        var chunk = [Float](repeating: 0, count: patchifier.horizon * dimension)
        for (group, start) in zip(groups, starts) {
            var values = start
            for codebook in group.stages.codebooks.clamped(to: 0 ..< codebooks) {
                for (patch, position) in group.positions.enumerated() {
                    let code = codes[codebook * patchifier.latentPositionCount + position]
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

    /// Every group of every chunk, `[T · columns]`, as decoded within the recorded range; zero where it bypasses the autoencoder.
    private func decoded(_ latents: Rows, count: Int) -> [[[Float]]] {
        let length = decoderPositions.count
        var vectors = decoderPositions.repeated(count)
        fromLatent.add(latents, to: &vectors)
        vectors = decoder(vectors, length: length)
        return (0 ..< count).map { chunk in
            groups.map { group in
                let columns = group.columns.count
                guard let autoencoded = group.autoencoded else {
                    return [Float](repeating: 0, count: patchifier.horizon * columns)
                }
                let rows = autoencoded.rows.moved(by: chunk * length)
                let steps = autoencoded.unembedding.steps(vectors[rows], latents: latents[rows])
                let values = (0 ..< patchifier.horizon).flatMap { step in
                    steps.values[step * steps.width ..< step * steps.width + columns]
                }
                return group.stages.clipped(values)
            }
        }
    }
}

extension Rows {
    /// The rows in `rows`, in their order.
    fileprivate func gathered(_ rows: [Int]) -> Rows {
        Rows(rows.flatMap { values[$0 * width ..< ($0 + 1) * width] }, width: width)
    }

    /// The same rows, `times` times, one after the other.
    fileprivate func repeated(_ times: Int) -> Rows {
        times == 1 ? self : Rows(Array(repeatElement(values, count: times).joined()), width: width)
    }
}

extension Range<Int> {
    fileprivate func moved(by offset: Int) -> Range { lowerBound + offset ..< upperBound + offset }
}
