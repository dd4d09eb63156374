/// How many of its codes every place of a chunk needs for the chunk's mean error to keep a limit.
///
/// Codes that refine a place change nothing elsewhere, so each is worth what it takes off the place's own error, and
/// they are spent where one takes off most.
struct CodeBudget {
    /// Sums of absolute errors of every place, after each number of its codes from 0 on.
    let errors: [[Float]]

    /// How many codes of every place bring the sum of all errors down to `limit`, or all that help where none do.
    func counts(within limit: Float) -> [Int] {
        var counts = errors.map { _ in 0 }
        var best = errors.indices.map { next(at: $0, after: 0) }
        var left = errors.reduce(0) { $0 + ($1.first ?? 0) }
        while left > limit, let place = best.indices.max(by: { best[$0].worth < best[$1].worth }),
            best[place].worth > 0
        {
            left -= errors[place][counts[place]] - errors[place][best[place].count]
            counts[place] = best[place].count
            best[place] = next(at: place, after: counts[place])
        }
        return counts
    }

    /// The number of codes to go on to that takes off most a code, for a code may help only with the next one.
    private func next(at place: Int, after count: Int) -> (count: Int, worth: Float) {
        var best = (count: count, worth: Float(0))
        for more in errors[place].indices.dropFirst(count + 1) {
            let worth = (errors[place][count] - errors[place][more]) / Float(more - count)
            if worth > best.worth { best = (more, worth) }
        }
        return best
    }
}
