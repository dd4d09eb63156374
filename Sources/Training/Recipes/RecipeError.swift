/// A recipe that cannot be followed.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
    /// The file, or the `--set` that was given.
    public let source: String

    /// What was expected and what was found.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "\(source): \(reason)" }
}

/// The known word that `word` was probably meant to be: the one that takes the fewest single-letter changes.
public func nearest(to word: String, among known: [String]) -> String? {
    known.min { (distance(word, $0), $0) < (distance(word, $1), $1) }
}

/// Single-letter insertions, deletions and replacements that turn one word into the other (Levenshtein).
private func distance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first.lowercased()), Array(second.lowercased()))
    var row = Array(0 ... second.count)
    for (line, letter) in first.enumerated() {
        var diagonal = row[0]
        row[0] = line + 1
        for (column, other) in second.enumerated() {
            let replaced = diagonal + (letter == other ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
        }
    }
    return row[second.count]
}
