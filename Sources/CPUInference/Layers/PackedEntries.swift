internal import CKernels

/// Vectors among which the nearest is looked for.
public struct PackedEntries: Sendable {
    /// Number of entries.
    public let count: Int

    /// Numbers of each.
    public let width: Int

    private let values: [Float]
    private let panels: [Float]
    private let lengths: [Float]

    /// Packs `entries`.
    public init(_ entries: Rows) { self.init(entries.values, count: entries.count) }

    /// Packs `values`, `[count, width]`; the width may be 0.
    init(_ values: [Float], count: Int) {
        precondition(count > 0 && values.count % count == 0, "numbers that do not fill \(count) entries")
        (self.count, width, self.values) = (count, values.count / count, values)
        let filled = PackedLinear.filled(count)
        var panels = [Float](repeating: 0, count: filled * width)
        var lengths = [Float](repeating: 0, count: filled)
        kernel_pack_entries(values, count, width, &panels, &lengths)
        (self.panels, self.lengths) = (panels, lengths)
    }

    /// The entry nearest to every row of `x`.
    public func nearest(to x: Rows) -> [Int] {
        precondition(x.width == width, "vectors of another length")
        var nearest = [Int](repeating: 0, count: x.count)
        kernel_nearest_rows(x.values, x.count, width, panels, lengths, count, &nearest)
        return nearest
    }

    /// The `kept` nearest pairs of one of `rows` vectors, `[rows, width]`, and an entry, nearest first; fewer if there are no
    /// more.
    func nearestPairs(to x: [Float], rows: Int, kept: Int) -> [(row: Int, entry: Int)] {
        precondition(x.count == rows * width, "vectors of another length")
        let kept = min(kept, rows * count)
        var pairs = [Int](repeating: 0, count: kept)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: kept) { distances in
            guard let distances = distances.baseAddress else { return }
            kernel_nearest_pairs(x, rows, width, panels, lengths, count, kept, &pairs, distances)
        }
        return pairs.map { $0.quotientAndRemainder(dividingBy: count) }.map { ($0.quotient, $0.remainder) }
    }

    /// The numbers of an entry, for the duration of `body`.
    public func withEntry(_ entry: Int, _ body: (UnsafeBufferPointer<Float>) -> Void) {
        values.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[entry * width ..< (entry + 1) * width]))
        }
    }

    /// Adds `factor` times an entry to `row` of `y`.
    public func add(_ entry: Int, times factor: Float = 1, toRow row: Int, of y: inout Rows) {
        for channel in 0 ..< width {
            y.values[row * width + channel] += factor * values[entry * width + channel]
        }
    }
}
