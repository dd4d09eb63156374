extension String {
    /// The candidate that takes the fewest typing corrections to reach; the first of equals.
    func nearest(in candidates: [String]) -> String? {
        candidates.min { editDistance(to: $0) < editDistance(to: $1) }
    }

    /// Insertions, deletions and replacements of characters that turn this text into `other`.
    ///
    /// Source: V. Levenshtein, 1965; one row of the table is alive at a time.
    func editDistance(to other: String) -> Int {
        let target = Array(other)
        var row = Array(0 ... target.count)
        for (line, character) in enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in target.indices {
                let replacement = diagonal + (character == target[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(replacement, diagonal + 1, row[column] + 1)
            }
        }
        return row[target.count]
    }
}
