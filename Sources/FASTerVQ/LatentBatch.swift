internal import Torch

/// Latents of several robots' chunks in one batch, `[ΣB, N, C]`, padded to the largest number of latent positions.
///
/// Padded positions come last; nothing attends to them, and they belong to no action group.
struct LatentBatch {
    /// Layout of each robot's chunks, of the groups that pass through the autoencoder.
    let patchifiers: [ActionPatchifier]

    /// Number of chunks of each robot.
    let chunkCounts: [Int]

    /// Largest number of latent positions.
    let latentPositionCount: Int

    /// Mask of positions that exist, bool `[ΣB, 1, 1, N]`; nil where all do.
    let mask: Tensor?

    private let types: ActionGroupTypes

    /// Lays out a batch.
    ///
    /// - Parameters:
    ///   - robots: Layout and number of each robot's chunks.
    ///   - types: Group types that pass through the autoencoder.
    ///   - device: Device of the mask.
    init(
        _ robots: [(patchifier: ActionPatchifier, chunkCount: Int)],
        types: ActionGroupTypes,
        device: Device
    ) {
        self.types = types
        patchifiers = robots.map(\.patchifier.autoencoded)
        chunkCounts = robots.map(\.chunkCount)
        let counts = patchifiers.map(\.latentPositionCount)
        let most = counts.max() ?? 0
        latentPositionCount = most
        guard counts.contains(where: { $0 < most }) else {
            mask = nil
            return
        }
        let exist = zip(chunkCounts, counts).map { chunks, count in
            Tensor.ones([chunks, count], device: device).padded([0, most - count])
        }
        mask = Tensor.concatenated(exist, axis: 0).reshaped(-1, 1, 1, most).greater(0)
    }

    /// Pads every robot's `[B, its N, ...]` to one `[ΣB, N, ...]`.
    func padded(_ parts: [Tensor]) -> Tensor {
        let padded = parts.map { part in
            let missing = latentPositionCount - part.size(1)
            let inner = [Int](repeating: 0, count: 2 * (part.rank - 2))
            return missing > 0 ? part.padded(inner + [0, missing]) : part
        }
        return padded.count == 1 ? padded[0] : .concatenated(padded, axis: 0)
    }

    /// Splits `[ΣB, N, ...]` into every robot's `[B, its N, ...]`.
    func split(_ whole: Tensor) -> [Tensor] {
        guard patchifiers.count > 1 else { return [whole] }
        return zip(whole.split(sizes: chunkCounts, axis: 0), patchifiers).map { part, patchifier in
            part.narrowed(1, from: 0, count: patchifier.latentPositionCount)
        }
    }

    /// Splits `[ΣB, N, ...]` into every robot's groups, each `[B, P, ...]`.
    func splitByGroup(_ whole: Tensor) -> [[Tensor]] {
        zip(split(whole), patchifiers).map { part, patchifier in
            part.split(sizes: patchifier.groups.map(\.patchCount), axis: 1)
        }
    }

    /// Gathers the positions of `[ΣB, N, ...]` by group type.
    ///
    /// - Returns: `[n, ...]` of every type; nil where the batch has none.
    func byType(_ whole: Tensor) -> [Tensor?] {
        var parts = [[Tensor]](repeating: [], count: types.all.count)
        for (robot, patchifier) in zip(splitByGroup(whole), patchifiers) {
            for (part, group) in zip(robot, patchifier.groups) {
                parts[types.index(of: group)].append(part.reshaped([-1] + part.shape.dropFirst(2)))
            }
        }
        return parts.map { $0.isEmpty ? nil : $0.count == 1 ? $0[0] : .concatenated($0, axis: 0) }
    }

    /// Puts positions by group type back to where ``byType(_:)`` took them from.
    ///
    /// - Parameter vectors: `[n, ...]` of every type.
    /// - Returns: `[ΣB, N, ...]`, zero where there is padding.
    func fromTypes(_ vectors: [Tensor?]) -> Tensor {
        var queues = vectors.enumerated().map { type, vectors in
            vectors.map { $0.split(sizes: rowCounts(ofType: type), axis: 0)[...] } ?? []
        }
        let robots = zip(patchifiers, chunkCounts).map { patchifier, chunks in
            let parts = patchifier.groups.map { group in
                let rows = queues[types.index(of: group)].removeFirst()
                return rows.reshaped([chunks, group.patchCount] + rows.shape.dropFirst())
            }
            return parts.count == 1 ? parts[0] : .concatenated(parts, axis: 1)
        }
        return padded(robots)
    }

    /// The rows of every type among those of the batch, for shares of every robot's chunks; nil for whole batches.
    func rowShares(_ shares: [ActionBatchShare?]) -> [RowShare]? {
        let shares = shares.compactMap(\.self)
        guard shares.count == patchifiers.count, let batch = shares.first?.batch else { return nil }
        return types.all.indices.map { type in
            var (ranges, start): ([Range<Int>], Int) = ([], 0)
            for (patchifier, share) in zip(patchifiers, shares) {
                for group in patchifier.groups where types.index(of: group) == type {
                    let rows = share.rows
                    ranges.append(
                        start + rows.lowerBound * group.patchCount ..< start + rows.upperBound
                            * group.patchCount
                    )
                    start += share.count * group.patchCount
                }
            }
            return RowShare(ranges, of: start, batch: batch)
        }
    }

    /// Number of positions of each group of a type, in the order of robots and groups.
    private func rowCounts(ofType type: Int) -> [Int] {
        zip(patchifiers, chunkCounts).flatMap { patchifier, chunks in
            patchifier.groups.filter { types.index(of: $0) == type }.map { chunks * $0.patchCount }
        }
    }
}
