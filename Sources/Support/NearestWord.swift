extension String {
    /// The candidate with the smallest edit distance, whatever its case; the first of equals.
    public func nearest(in candidates: [String]) -> String? {
        let word = lowercased()
        return candidates.map { ($0, word.editDistance(to: $0.lowercased())) }.min { $0.1 < $1.1 }?.0
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
