internal import CPUInference
internal import NN
internal import Quantizers
internal import RobotTypes
internal import Torch

/// One robot's encoder and decoder for one chunk at a time on the CPU: what a robot waits for.
///
/// The same network as ``ChunkCodec``, without libtorch, and with everything done before that does not depend on the chunk: layer
/// scales are part of the products before them, places have their vectors.
struct PackedCodec: Sendable {
    private let patchifier: ActionPatchifier
    private let codebookCount: Int
    /// Codebooks of the network's.
    private let learnedCount: Int
    private let parts: [Part]
    private let encoderPlaces: Rows
    private let encoder: PackedTransformer
    private let toLatent: PackedLinear
    private let decoderPlaces: Rows
    private let fromLatent: PackedLinear
    private let decoder: PackedTransformer

    /// One part of the robot's grid.
    private struct Part {
        let part: ActionPatchifier.Part
        /// Its places among all of the chunk's.
        let places: Range<Int>
        /// What is missing from it in the end, or all there is to it.
        let refinement: PackedRefinement
        /// Its way through the network; nil where it goes past it.
        let learned: LearnedPart?
    }

    /// One part's way through the network.
    private struct LearnedPart {
        /// Its rows of the network's grid.
        let rows: Range<Int>
        let reader: PackedReader
        let writer: PackedWriter
        /// Entries by codebook.
        let entries: [PackedEntries]
    }

    /// Packs the weights of `network`, which must not change afterwards, for `embodiment`.
    init(_ network: FASTerVQNetwork, _ embodiment: Embodiment) {
        let (autoencoder, patchifier) = (network.autoencoder, embodiment.patchifier)
        let kinds = autoencoder.kinds
        let learnedCount = network.codebooks.codebookCount
        var (place, row) = (0, 0)
        let parts = patchifier.parts.map { part in
            defer {
                place += part.places
                row += part.isDirect ? 0 : part.places
            }
            let refinement = PackedRefinement(network, part, embodiment)
            let places = place ..< place + part.places
            if part.isDirect { return Part(part: part, places: places, refinement: refinement, learned: nil) }
            let kind = kinds.index(of: part)
            let quantizer = network.codebooks.quantizer(for: part)
            let learned = LearnedPart(
                rows: row ..< row + part.places,
                reader: PackedReader(autoencoder.readers[kind]),
                writer: PackedWriter(autoencoder.writers[kind]),
                entries: (0 ..< learnedCount).map { PackedEntries(Rows(quantizer.entries.select(0, $0))) }
            )
            return Part(part: part, places: places, refinement: refinement, learned: learned)
        }
        func vectors(_ embeddings: [PlaceEmbedding]) -> Rows {
            let vectors = patchifier.learned.map { embeddings[kinds.index(of: $0)]($0) }
            return withoutGradients { Rows(Tensor.concatenated(vectors, axis: 0)) }
        }
        self.patchifier = patchifier
        self.parts = parts
        self.learnedCount = learnedCount
        codebookCount = parts.map(\.refinement.codebooks.upperBound).max() ?? learnedCount
        encoderPlaces = vectors(autoencoder.encoderPlaces)
        decoderPlaces = vectors(autoencoder.decoderPlaces)
        encoder = PackedTransformer(autoencoder.encoder, norm: autoencoder.encoderNorm)
        decoder = PackedTransformer(autoencoder.decoder, norm: autoencoder.decoderNorm)
        toLatent = PackedLinear(autoencoder.toLatent)
        fromLatent = PackedLinear(autoencoder.fromLatent)
    }

    /// The codes of a normalised chunk, `[T · D]`: along the places, then the codebooks.
    ///
    /// Steps from `validSteps` on are not refined.
    func codes(for chunk: [Float], validSteps: Int) -> [Int] {
        let dimension = chunk.count / patchifier.horizon
        let placeCount = patchifier.placeCount
        let targets = parts.map { part in
            (0 ..< patchifier.horizon).flatMap { step in
                chunk[
                    step * dimension + part.part.columns.lowerBound ..< step * dimension
                        + part.part.columns.upperBound
                ]
            }
        }
        var codes = [Int](repeating: 0, count: codebookCount * placeCount)
        let latents = latents(of: targets) { codebook, place, code in
            codes[codebook * placeCount + place] = code
        }
        for ((part, target), start) in zip(zip(parts, targets), decoded(latents)) {
            part.refinement.refine(start, to: target, validSteps: validSteps) { codebook, place, code in
                codes[codebook * placeCount + part.places.lowerBound + place] = code
            }
        }
        return codes
    }

    /// The normalised chunk, `[T · D]`, of the codes of all codebooks or of the first ones.
    func actions(for codes: [Int]) -> [Float] {
        let placeCount = patchifier.placeCount
        let codebooks = codes.count / placeCount
        var latents = Rows(count: decoderPlaces.count, width: fromLatent.inputs)
        for part in parts {
            guard let learned = part.learned else { continue }
            for codebook in 0 ..< min(codebooks, learnedCount) {
                for (row, place) in zip(learned.rows, part.places) {
                    learned.entries[codebook].add(
                        codes[codebook * placeCount + place],
                        toRow: row,
                        of: &latents
                    )
                }
            }
        }
        let dimension = patchifier.parts.map(\.columns.upperBound).max() ?? 0
        var chunk = [Float](repeating: 0, count: patchifier.horizon * dimension)
        for (part, start) in zip(parts, decoded(latents)) {
            var values = start
            for codebook in part.refinement.codebooks.clamped(to: 0 ..< codebooks) {
                for (place, row) in part.places.enumerated() {
                    part.refinement.add(
                        codes[codebook * placeCount + row],
                        of: codebook,
                        at: place,
                        to: &values
                    )
                }
            }
            let columns = part.part.columns
            for step in 0 ..< patchifier.horizon {
                for column in columns {
                    chunk[step * dimension + column] =
                        values[step * columns.count + column - columns.lowerBound]
                }
            }
        }
        return chunk
    }

    /// The sum of the entries that stand for the parts, `[rows, latent]`, each of whose codes is handed to `found`.
    private func latents(
        of targets: [[Float]],
        _ found: (_ codebook: Int, _ place: Int, _ code: Int) -> Void
    ) -> Rows {
        var vectors = encoderPlaces
        var left = Rows(count: vectors.count, width: toLatent.outputs)
        for (part, target) in zip(parts, targets) {
            guard let learned = part.learned else { continue }
            let columns = part.part.columns.count
            learned.reader.read(target, rows: learned.rows, columns: columns, to: &vectors, &left)
        }
        toLatent.add(encoder(vectors), to: &left)
        var sums = Rows(count: left.count, width: left.width)
        for part in parts {
            guard let learned = part.learned else { continue }
            for (codebook, entries) in learned.entries.enumerated() {
                for (row, place) in zip(learned.rows, part.places) {
                    let code = entries.nearest(to: row, of: left)
                    entries.add(code, times: -1, toRow: row, of: &left)
                    entries.add(code, toRow: row, of: &sums)
                    found(codebook, place, code)
                }
            }
        }
        return sums
    }

    /// Every part, `[T · columns]`, as the network decodes it, within what was recorded; zero where it goes past it.
    private func decoded(_ latents: Rows) -> [[Float]] {
        var vectors = decoderPlaces
        fromLatent.add(latents, to: &vectors)
        vectors = decoder(vectors)
        return parts.map { part in
            let columns = part.part.columns.count
            guard let learned = part.learned else {
                return [Float](repeating: 0, count: patchifier.horizon * columns)
            }
            let steps = learned.writer.steps(vectors[learned.rows], latents: latents[learned.rows])
            let values = (0 ..< patchifier.horizon).flatMap { step in
                steps.values[step * steps.width ..< step * steps.width + columns]
            }
            return part.refinement.clipped(values)
        }
    }
}
