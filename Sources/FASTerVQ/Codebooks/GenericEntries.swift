/// Entries that nothing was learned for: simple changes of one column, from which any patch can be put together.
///
/// They bring motion nearer that is unlike all that a refinement was fitted to, with every codebook a little.
enum GenericEntries {
    /// Amounts of a change, large ones first: each leaves less than a third of the one before.
    private static let amounts: [Float] = [1.6, 0.8, 0.4, 0.2, 0.1]

    /// Shifts of a whole column.
    private static let shifts = (1 ... 10).map { Float($0) / 10 }

    /// The most useful `limit` of them for patches of `steps` by `columns`, each `[steps · columns]`.
    static func rows(steps: Int, columns: Int, atMost limit: Int) -> [[Float]] {
        func row(_ column: Int, _ changed: Range<Int>, _ amount: Float) -> [Float] {
            (0 ..< steps * columns).map { index in
                index % columns == column && changed.contains(index / columns) ? amount : 0
            }
        }
        func both(_ changed: Range<Int>, _ amount: Float) -> [[Float]] {
            (0 ..< columns).flatMap { [row($0, changed, amount), row($0, changed, -amount)] }
        }
        var rows = shifts.flatMap { both(0 ..< steps, $0) }
        for amount in amounts where rows.count < limit {
            for step in 0 ..< steps { rows += both(step ..< step + 1, amount) }
            // From a step on: what opens or closes.
            for step in 1 ..< max(1, steps) { rows += both(step ..< steps, amount) }
        }
        return Array(rows.prefix(limit))
    }
}
