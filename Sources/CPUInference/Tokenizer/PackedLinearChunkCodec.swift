public import FASTerVQ
internal import NN
internal import Torch

/// FASTerVQ's linear encoder and decoder of single chunks on hand-written CPU kernels.
///
/// The same functions as `LinearFASTerVQ`'s, without libtorch. Nearly all of the time is the search for entries, which reads
/// every codebook once: 9 · K multiplications a component with three codebooks and a beam of four.
public struct PackedLinearChunkCodec: LinearChunkCodec {
    private let mean: [Float]

    /// Chunk to components of all latent positions, and back.
    private let analysis: PackedLinear?
    private let synthesis: PackedLinear?

    private let positions: [LatentPosition]

    /// One latent position.
    private struct LatentPosition {
        /// Its components among all of the chunk's.
        let components: Range<Int>
        let search: PackedBeamSearch
    }

    /// Packs the weights of `model`, which must not change afterwards; nil where they are not on the CPU.
    public init?(_ model: LinearFASTerVQ) {
        guard model.mean.device == .cpu else { return nil }
        mean = model.mean.floats
        let components = Tensor.concatenated(model.positions.map(\.components), axis: 0)
        let count = components.size(0)
        analysis = count > 0 ? PackedLinear(weight: components.floats, outputs: count) : nil
        synthesis =
            count > 0
            ? PackedLinear(
                weight: components.transposed(0, 1).contiguous().floats,
                bias: mean,
                outputs: mean.count
            ) : nil
        var first = 0
        positions = model.positions.map { position in
            let components = first ..< first + position.components.size(0)
            first = components.upperBound
            let size = position.entries.size(1)
            let codebooks = (0 ..< position.entries.size(0)).map {
                PackedEntries(position.entries.select(0, $0).floats, count: size)
            }
            return LatentPosition(
                components: components,
                search: PackedBeamSearch(codebooks: codebooks, beamWidth: LinearFASTerVQ.beamWidth)
            )
        }
    }

    /// Codes of a normalised chunk, `[T · D]`: along the latent positions, then the codebooks.
    public func codes(for chunk: [Float]) -> [Int] {
        let centred = Rows(zip(chunk, mean).map { $0 - $1 }, width: mean.count)
        let latents = analysis.map { $0(centred).values } ?? []
        let codes = positions.map { $0.search.codes(for: Array(latents[$0.components])) }
        return codes[0].indices.flatMap { codebook in codes.map { $0[codebook] } }
    }

    /// The normalised chunk, `[T · D]`, of the codes of all codebooks or of the first ones.
    public func actions(for codes: [Int]) -> [Float] {
        guard let synthesis else { return mean }
        var latents = Rows(count: 1, width: synthesis.inputs)
        for (index, code) in codes.enumerated() {
            let (codebook, position) = index.quotientAndRemainder(dividingBy: positions.count)
            let first = positions[position].components.lowerBound
            positions[position].search.codebooks[codebook].withEntry(code) { entry in
                for (channel, number) in entry.enumerated() { latents.values[first + channel] += number }
            }
        }
        return synthesis(latents).values
    }
}
