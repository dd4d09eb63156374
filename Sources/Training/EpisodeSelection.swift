/// Some episodes of a dataset, as a person writes them: `0:36,40:76,80`; the end of a range is excluded.
public struct EpisodeSelection: Equatable, Sendable {
    /// The episodes, in the order written.
    public let indices: [Int]

    /// Reads `text`.
    ///
    /// - Throws: ``DemonstrationsError`` when it cannot be read or reaches beyond `count` episodes.
    public init(_ text: String, count: Int) throws(DemonstrationsError) {
        var indices: [Int] = []
        for piece in text.split(separator: ",") {
            let bounds = piece.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
            guard let first = bounds.first ?? nil, let last = bounds.count == 2 ? bounds[1] : first + 1,
                bounds.count <= 2, first >= 0, first < last, last <= count
            else {
                throw DemonstrationsError(
                    description:
                        "episodes '\(piece)': expected first:end within 0:\(count), for example 0:\(max(1, count / 10))"
                )
            }
            indices += first ..< last
        }
        self.indices = indices
    }

    /// The episodes of a dataset of `count` that are not selected.
    public func others(of count: Int) -> [Int] {
        let chosen = Set(indices)
        return (0 ..< count).filter { !chosen.contains($0) }
    }
}
