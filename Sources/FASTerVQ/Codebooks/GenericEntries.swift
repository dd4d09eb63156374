internal import Foundation

/// Entries that nothing was learned for: simple changes of one column, from which any patch can be put together.
///
/// They bring motion nearer that is unlike all that a refinement was fitted to, with every code a little.
enum GenericEntries {
    /// Amounts of a change, large ones first: each leaves less than a third of the one before.
    private static let amounts: [Float] = [1.6, 0.8, 0.4, 0.2, 0.1]

    /// Shifts of a whole column.
    private static let shifts = (1 ... 10).map { Float($0) / 10 }

    /// The most useful `limit` of them for patches of `steps` by `columns`, each `[steps · columns]`.
    static func rows(steps: Int, columns: Int, atMost limit: Int) -> [[Float]] {
        let patch = Patch(steps: steps, columns: columns)
        var rows = shifts.flatMap { patch.changes(0 ..< steps, by: $0) }
        for amount in amounts where rows.count < limit {
            for step in 0 ..< steps { rows += patch.changes(step ..< step + 1, by: amount) }
            // From a step on: what opens or closes.
            for step in 1 ..< max(1, steps) { rows += patch.changes(step ..< steps, by: amount) }
        }
        return Array(rows.prefix(limit))
    }

    /// Changes that bring every single value within half of ``finest`` of any other, code by code: for patches of `steps` by
    /// `columns`, at most `limit`, each `[steps · columns]`; none where so few are not enough.
    ///
    /// As many amounts as there is room for, evenly in ratio, for every value and every whole column.
    static func corrections(steps: Int, columns: Int, atMost limit: Int) -> [[Float]] {
        let patch = Patch(steps: steps, columns: columns)
        let spans = (0 ..< steps).map { $0 ..< $0 + 1 } + (steps > 1 ? [0 ..< steps] : [])
        let count = min(mostAmounts, limit / (2 * columns * spans.count))
        return (0 ..< count).flatMap { index in
            let share = count > 1 ? Float(index) / Float(count - 1) : 0
            let amount = finest * pow(largest / finest, share)
            return spans.flatMap { patch.changes($0, by: amount) }
        }
    }

    /// The smallest amount of a correction: an error of more than half of it gets smaller.
    static let finest: Float = 0.02

    private static let largest: Float = 0.8
    private static let mostAmounts = 12

    /// The form of the entries.
    private struct Patch {
        let steps: Int
        let columns: Int

        /// The changes of one column each, up and down, at the steps `changed`.
        func changes(_ changed: Range<Int>, by amount: Float) -> [[Float]] {
            (0 ..< columns).flatMap { column in
                [amount, -amount].map { amount in
                    (0 ..< steps * columns).map { index in
                        index % columns == column && changed.contains(index / columns) ? amount : 0
                    }
                }
            }
        }
    }
}
