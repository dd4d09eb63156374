/// Some episodes of a dataset, as a person writes them.
///
/// `0:36,40:76,80` are ranges, whose ends are excluded, and single episodes; `9::10` is every tenth from the ninth;
/// `^9::10` is all but these. An episode that several of them name counts once.
public struct EpisodeSelection: Equatable, Sendable {
    /// The episodes, in the order in which they are first written, each once.
    public let indices: [Int]

    /// Reads `text`.
    ///
    /// - Throws: ``DemonstrationsError`` when it cannot be read, reaches beyond `count` episodes or selects none.
    public init(_ text: String, count: Int) throws(DemonstrationsError) {
        let isComplement = text.hasPrefix("^")
        var indices: [Int] = []
        for piece in text.dropFirst(isComplement ? 1 : 0).split(separator: ",") {
            guard let range = Self.range(piece, count: count) else {
                throw DemonstrationsError(
                    description:
                        "episodes '\(piece)': expected first:end within 0:\(count), for example 0:\(max(1, count / 10)), "
                        + "or first:end:step, for example 9::10"
                )
            }
            indices += range
        }
        if isComplement {
            let chosen = Set(indices)
            indices = (0 ..< count).filter { !chosen.contains($0) }
        }
        var seen: Set<Int> = []
        indices = indices.filter { seen.insert($0).inserted }
        guard !indices.isEmpty else {
            throw DemonstrationsError(description: "episodes '\(text)': selects none of \(count)")
        }
        self.indices = indices
    }

    /// `5`, `2:7`, `:7`, `2:`, `2:7:3` or `2::3`.
    private static func range(_ piece: Substring, count: Int) -> [Int]? {
        let words = piece.split(separator: ":", omittingEmptySubsequences: false)
        func number(_ index: Int, otherwise: Int) -> Int? {
            words.count <= index || words[index].isEmpty ? otherwise : Int(words[index])
        }
        guard words.count <= 3, words.count > 1 || Int(piece) != nil,
            let first = number(0, otherwise: 0),
            let end = number(1, otherwise: words.count == 1 ? first &+ 1 : count),
            let step = number(2, otherwise: 1), first >= 0, first < end, end <= count, step > 0
        else { return nil }
        return Array(stride(from: first, to: end, by: step))
    }

    /// The episodes of a dataset of `count` that are not selected.
    public func others(of count: Int) -> [Int] {
        let chosen = Set(indices)
        return (0 ..< count).filter { !chosen.contains($0) }
    }

    /// The episodes to train on beside these, which are held out.
    ///
    /// - Throws: ``DemonstrationsError`` where none of `count` is left.
    public func trained(of count: Int) throws(DemonstrationsError) -> [Int] {
        let others = others(of: count)
        guard !others.isEmpty else {
            throw DemonstrationsError(
                description:
                    "held-out episodes: expected fewer than the dataset has, found all \(count); leave some to train on"
            )
        }
        return others
    }
}
