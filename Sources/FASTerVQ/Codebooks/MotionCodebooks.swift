public import NN
internal import Quantizers
internal import RobotTypes
internal import Torch

/// The codebooks of every kind of motion.
///
/// A gripper's entries say nothing about an arm, so kinds do not share them: each has all of them to itself, where of
/// shared ones a place could mean only the part that its own kind has taken.
public struct MotionCodebooks: Module {
    /// One quantizer a kind, in the order of the kinds.
    let quantizers: [ResidualQuantizer]

    /// Codebooks of each kind.
    let codebookCount: Int

    private let kinds: MotionKinds

    init(_ configuration: ResidualQuantizer.Configuration, kinds: MotionKinds, width: Int, device: Device) {
        self.kinds = kinds
        codebookCount = configuration.codebookCount
        quantizers = kinds.all.map { _ in ResidualQuantizer(configuration, width: width, device: device) }
    }

    /// The quantizer of a part's places.
    func quantizer(for part: ActionPatchifier.Part) -> ResidualQuantizer { quantizers[kinds.index(of: part)] }

    /// Quantizes latents in training, and lets the entries follow them.
    ///
    /// - Parameters:
    ///   - latents: Of the chunks in `grid`, `[ΣB, N, C]`.
    ///   - grid: Which kind of motion is where.
    ///   - weights: 1 where a place counts, 0 where it is padding, `[ΣB, N]`.
    ///   - depths: Codebooks that every chunk may use, int64 `[ΣB]`; nil for all.
    /// - Returns: `quantized`, `[ΣB, N, C]`, through which gradients pass to `latents` as the configuration says; `commitment`, the mean
    ///   squared distance that pulls `latents` to their entries.
    func train(
        _ latents: Tensor,
        grid: PlaceGrid,
        weights: Tensor,
        depths: Tensor?
    ) -> (quantized: Tensor, commitment: Tensor) {
        let vectors = latents.reshaped(-1, latents.size(2))
        let weights = weights.reshaped(-1)
        let depths = depths?.repeatedInterleaved(latents.size(1), axis: 0)
        var parts: [Tensor] = []
        var distance = Tensor.zeros([], device: latents.device)
        // Where in `parts` each row of `vectors` is; the rows of no place are never read.
        var sources = [Int](repeating: 0, count: vectors.size(0))
        var count = 0
        for (kind, quantizer) in zip(kinds.all, quantizers) {
            let rows = grid.rows(of: kind)
            guard !rows.isEmpty else { continue }
            let picks = Tensor(rows, device: latents.device)
            let own = weights.gathering(picks, axis: 0)
            let (quantized, commitment) = quantizer.train(
                vectors.gathering(picks, axis: 0),
                weights: own,
                depths: depths?.gathering(picks, axis: 0)
            )
            parts.append(quantized)
            distance = distance + commitment * own.sum()
            for (offset, row) in rows.enumerated() { sources[row] = count + offset }
            count += rows.count
        }
        let quantized = Tensor.concatenated(parts, axis: 0).gathering(
            Tensor(sources, device: latents.device),
            axis: 0
        )
        return (quantized.reshaped(latents.shape), distance / weights.sum().clamped(1 ... .infinity))
    }

    /// Gives the codebooks of every kind in `grid` their first entries from `latents`, `[ΣB, N, C]`.
    func initialize(from latents: [(latents: Tensor, grid: PlaceGrid)]) {
        for (kind, quantizer) in zip(kinds.all, quantizers) {
            let vectors = latents.compactMap { latents, grid -> Tensor? in
                let rows = grid.rows(of: kind)
                guard !rows.isEmpty else { return nil }
                return latents.reshaped(-1, latents.size(2))
                    .gathering(Tensor(rows, device: latents.device), axis: 0)
            }
            if !vectors.isEmpty { quantizer.initialize(from: .concatenated(vectors, axis: 0)) }
        }
    }
}
