internal import Quantizers
internal import RobotTypes
public import Torch

/// One robot's encoder and decoder at work: a network with everything in place that only depends on the robot.
///
/// The entries that each place chooses from lie side by side, so that a batch takes one product a codebook, however
/// many kinds of motion there are.
public struct ChunkCodec: Sendable {
    /// The robot.
    public let embodiment: Embodiment

    private let autoencoder: ActionAutoencoder
    private let refinements: [PartRefinement]
    /// Codebooks of the network's.
    private let learnedCount: Int
    /// Codebooks in all.
    private let codebookCount: Int
    /// The network's entries by place, `[codebooks · N · K, C]`.
    private let entries: Tensor
    /// The entries of every codebook as factors of a product, `[N, C, K]`.
    private let factors: [Tensor]
    /// Half their squared lengths, `[N, 1, K]`.
    private let lengths: [Tensor]
    /// First row of `entries` of a codebook's place, int64 `[codebooks, N]`.
    private let starts: Tensor

    /// Prepares `network` for the chunks of one robot; its weights must not change afterwards.
    public init(_ network: FASTerVQNetwork, _ embodiment: Embodiment) {
        self.embodiment = embodiment
        autoencoder = network.autoencoder
        let patchifier = embodiment.patchifier
        refinements = patchifier.parts.map { PartRefinement(network, $0, embodiment) }
        let tables = withoutGradients {
            // [codebooks, N, K, C]
            Tensor.stacked(
                patchifier.learned.flatMap { part in
                    Array(repeating: network.codebooks.quantizer(for: part).entries, count: part.places)
                },
                axis: 1
            )
        }
        let (codebooks, places, size) = (tables.size(0), tables.size(1), tables.size(2))
        learnedCount = codebooks
        codebookCount = refinements.map(\.codebooks.upperBound).max() ?? codebooks
        entries = tables.reshaped(-1, tables.size(3))
        factors = (0 ..< codebooks).map { tables.select(0, $0).transposed(1, 2).contiguous() }
        lengths = (0 ..< codebooks).map { (tables.select(0, $0).squared().sum(2) * 0.5).unsqueezed(1) }
        starts = Tensor(
            (0 ..< codebooks * places).map { $0 * size },
            shape: [codebooks, places],
            device: tables.device
        )
    }

    /// Codes of the robot's normalised chunks.
    ///
    /// - Parameters:
    ///   - actions: `[B, T, D]`.
    ///   - stepMask: 1 where a step counts, else 0, `[B, T]`; nil for all.
    /// - Returns: int64 `[B, codebooks · N]`, along the places, then the codebooks.
    public func codes(for actions: Tensor, stepMask: Tensor? = nil) -> Tensor {
        let (latentCodes, latents) = latentCodes(for: actions)
        return codes(for: actions, latentCodes, from: decoded(latents), stepMask: stepMask)
    }

    /// The robot's normalised chunks, within what was recorded.
    ///
    /// - Parameter codes: int64 `[B, codebooks · N]`, or those of the first codebooks only, for coarser chunks.
    /// - Returns: `[B, T, D]`.
    public func actions(for codes: Tensor) -> Tensor {
        let grid = grid(codes)
        return refined(grid, from: decoded(latents(for: learned(grid))))
    }

    /// What chunks are after the first of their codebooks, after the first two, and so on.
    ///
    /// - Parameter codes: int64 `[B, codebooks · N]`.
    /// - Returns: `[B, T, D]` for every number of codebooks.
    func prefixes(of codes: Tensor) -> [Tensor] {
        let grid = grid(codes)
        let decoded = decodedPrefixes(of: learned(grid))
        return (1 ... codebookCount).map { codebooks in
            let first = grid.map { $0.narrowed(1, from: 0, count: codebooks) }
            return refined(first, from: decoded[min(codebooks, learnedCount) - 1])
        }
    }

    /// The network's codes and every part's codes of what the network's leave, as ``codes(for:stepMask:)`` returns
    /// them.
    private func codes(
        for actions: Tensor,
        _ latentCodes: [Tensor],
        from decoded: [Int: Tensor],
        stepMask: Tensor?
    ) -> Tensor {
        let mask = stepMask?.unsqueezed(2)
        let refined = refinements.map { refinement in
            let target = Embodiment.Columns.range(refinement.part.columns).of(actions)
            let start = decoded[refinement.part.columns.lowerBound] ?? target.zerosLike()
            return refinement.codes(for: target, from: start, stepMask: mask)
        }
        let byCodebook = (0 ..< codebookCount).flatMap { codebook in
            var place = 0
            return zip(refinements, refined).map { refinement, codes in
                defer { place += refinement.part.isDirect ? 0 : refinement.part.places }
                guard refinement.codebooks.contains(codebook) else {
                    return latentCodes[codebook].narrowed(1, from: place, count: refinement.part.places)
                }
                return codes[codebook - refinement.codebooks.lowerBound]
            }
        }
        return .concatenated(byCodebook, axis: 1)
    }

    /// Every part's codes, `[B, codebooks, places]`, and what the network made of its own, as chunks `[B, T, D]`.
    private func refined(_ grid: [Tensor], from decoded: [Int: Tensor]) -> Tensor {
        .concatenated(
            zip(refinements, grid).map { refinement, codes in
                let columns = refinement.part.columns
                let start =
                    decoded[columns.lowerBound]
                    ?? .zeros(
                        [codes.size(0), embodiment.patchifier.horizon, columns.count],
                        device: codes.device
                    )
                let used = refinement.codebooks.clamped(to: 0 ..< codes.size(1))
                return refinement.refined(start, used.map { codes.select(1, $0) })
            },
            axis: 2
        )
    }

    /// What the network alone makes of chunks: every part's `[B, T, columns]`, by its first column.
    func networkReconstruction(of actions: Tensor) -> [Int: Tensor] {
        decoded(latentCodes(for: actions).latents)
    }

    /// The network's codes, `[B, N]` a codebook, and the sum of their entries, `[B, N, C]`.
    private func latentCodes(for actions: Tensor) -> (codes: [Tensor], latents: Tensor) {
        let latents = autoencoder.latents([actions], grid: embodiment.grid(actions.size(0)))
        var left = latents.transposed(0, 1)
        let codes = factors.indices.map { codebook in
            let chosen = lengths[codebook].plusProduct(left, factors[codebook], scale: -1).argmin(2)
            let rows = chosen + starts.select(0, codebook).unsqueezed(1)
            left = left - rows.embedded(in: entries)
            return chosen.transposed(0, 1)
        }
        return (codes, latents - left.transposed(0, 1))
    }

    /// Every part's codes, `[B, codebooks, places]`.
    private func grid(_ codes: Tensor) -> [Tensor] {
        let patchifier = embodiment.patchifier
        return codes.reshaped(codes.size(0), -1, patchifier.placeCount)
            .split(sizes: patchifier.parts.map(\.places), axis: 2)
    }

    /// Of every part's codes those of the places that pass through the network, `[B, codebooks, N]`.
    private func learned(_ grid: [Tensor]) -> Tensor {
        let parts = zip(embodiment.patchifier.parts, grid).filter { !$0.0.isDirect }
        return .concatenated(parts.map(\.1), axis: 2)
    }

    /// What the network makes of the first of its codes, `[B, codebooks, N]`, of the first two, and so on to all.
    private func decodedPrefixes(of codes: Tensor) -> [[Int: Tensor]] {
        (1 ... learnedCount).map { decoded(latents(for: codes.narrowed(1, from: 0, count: $0))) }
    }

    /// Latents, `[B, N, C]`, of the network's codes, `[B, codebooks, N]`; codebooks beyond the network's do not count.
    private func latents(for codes: Tensor) -> Tensor {
        let used = min(codes.size(1), learnedCount)
        let rows = codes.narrowed(1, from: 0, count: used) + starts.narrowed(0, from: 0, count: used)
        return rows.embedded(in: entries).sum(1)
    }

    /// The parts that pass through the network, each `[B, T, columns]` within what was recorded, by their first column.
    private func decoded(_ latents: Tensor) -> [Int: Tensor] {
        let columns = embodiment.patchifier.learned.map(\.columns)
        let actions = autoencoder.actions(latents, grid: embodiment.grid(latents.size(0)))[0]
        let held = embodiment.clipped(actions, .learned(embodiment.learnedColumns))
        let parts = held.split(sizes: columns.map(\.count), axis: 2)
        return Dictionary(uniqueKeysWithValues: zip(columns.map(\.lowerBound), parts))
    }
}
