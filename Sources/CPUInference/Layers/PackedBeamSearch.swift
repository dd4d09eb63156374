/// `ResidualBeamSearch` for one vector.
struct PackedBeamSearch: Sendable {
    /// Residual codebooks, coarse to fine.
    let codebooks: [PackedEntries]

    /// Number of prefixes of codes that are kept.
    let beamWidth: Int

    /// Codes of a vector, one a codebook.
    func codes(for vector: [Float]) -> [Int] {
        // Residuals, [beam, width], and codes of the prefixes.
        var (residuals, prefixes) = (vector, [[Int]()])
        for (index, entries) in codebooks.enumerated() {
            let isLast = index == codebooks.count - 1
            let pairs = entries.nearestPairs(
                to: residuals,
                rows: prefixes.count,
                kept: isLast ? 1 : beamWidth
            )
            prefixes = pairs.map { prefixes[$0.row] + [$0.entry] }
            guard !isLast else { break }
            residuals = Self.residuals(after: pairs, of: entries, residuals)
        }
        return prefixes[0]
    }

    /// Rows of `residuals`, `[beam, width]`, less the entries that they are paired with.
    private static func residuals(
        after pairs: [(row: Int, entry: Int)],
        of entries: PackedEntries,
        _ residuals: [Float]
    ) -> [Float] {
        var next: [Float] = []
        next.reserveCapacity(pairs.count * entries.width)
        for (row, entry) in pairs {
            entries.withEntry(entry) { entry in
                for (channel, number) in entry.enumerated() {
                    next.append(residuals[row * entries.width + channel] - number)
                }
            }
        }
        return next
    }
}
