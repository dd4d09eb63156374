internal import ActionTokenizers
internal import RobotTypes

/// A chunk before and after every tokenizer, in the units of the comparison.
public struct ComparisonExample: Sendable {
    /// What one tokenizer made of it.
    public struct Version: Sendable {
        /// The tokenizer.
        public let name: String
        /// Largest absolute error.
        public let peak: Double
        /// One list of steps a column.
        public let values: [[Double]]
    }

    /// Why it is worth a look.
    public let title: String

    /// One list of steps a column.
    public let original: [[Double]]

    /// What every tokenizer made of it.
    public let versions: [Version]

    private static let largestNumberOfVersions = 5

    /// A middling chunk, one from the middle of the worst 1 %, and the worst, of the first own tokenizer (of the first,
    /// where none is), and the worst of the first other.
    static func choose(
        _ tried: [(name: String, line: String, trial: Trial, isOwn: Bool)],
        on compared: ComparedChunks
    ) -> [ComparisonExample] {
        // One a line, and no more than can be told apart in a small chart.
        let firsts = tried.indices.filter { index in
            !tried[..<index].contains { $0.line == tried[index].line }
        }
        let shown = firsts.prefix(largestNumberOfVersions).map { tried[$0] }
        guard let first = shown.first(where: \.isOwn) ?? shown.first else { return [] }
        let peaks = first.trial.errors.peaks
        let worst = ErrorTail.worst(peaks)
        let middle = peaks.indices.sorted { peaks[$0] < peaks[$1] }[peaks.count / 2]
        var picks = [
            ("A middling chunk of \(first.name)", middle),
            ("The middle of the worst 1 % of \(first.name)", worst[worst.count / 2]),
            ("The worst chunk of \(first.name)", worst[0]),
        ]
        if let other = shown.first(where: { !$0.isOwn && $0.name != first.name }) {
            picks.append(("The worst chunk of \(other.name)", ErrorTail.worst(other.trial.errors.peaks)[0]))
        }
        let original = compared.normalized(compared.chunks)
        return picks.map { title, chunk in
            ComparisonExample(
                title: title,
                original: original.columns(of: chunk),
                versions: shown.map {
                    Version(
                        name: $0.name,
                        peak: $0.trial.errors.peaks[chunk],
                        values: Array(
                            $0.trial.reconstruction.columns(
                                of: chunk,
                                steps: original.validSteps[chunk]
                            )
                        )
                    )
                }
            )
        }
    }
}

extension ActionChunks {
    /// The valid steps of a chunk, or its first `steps`: one list a column.
    fileprivate func columns(of chunk: Int, steps: Int? = nil) -> [[Double]] {
        let first = chunk * horizon * dimension
        return (0 ..< dimension).map { column in
            (0 ..< (steps ?? validSteps[chunk])).map { Double(values[first + $0 * dimension + column]) }
        }
    }
}
