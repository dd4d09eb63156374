internal import ActionTokenizers
internal import RobotTypes

/// A chunk and its reconstructions, in the units of the comparison.
public struct ComparisonExample: Sendable {
    /// Reconstruction by one tokenizer.
    public struct Version: Sendable {
        /// The tokenizer.
        public let name: String
        /// Largest absolute error.
        public let peak: Double
        /// Values by column and step.
        public let values: [[Double]]
    }

    /// Reason for the choice.
    public let title: String

    /// Values by column and step.
    public let original: [[Double]]

    /// Reconstruction by every tokenizer.
    public let versions: [Version]

    private static let largestNumberOfVersions = 5

    /// The median chunk, the middle of the worst 1 % and the worst chunk of the first FASTerVQ (else of the first tokenizer), and the
    /// worst chunk of the first other.
    static func choose(
        _ runs: [(name: String, curve: String, run: CandidateRun, isFASTerVQ: Bool)],
        on compared: ComparedChunks
    ) -> [ComparisonExample] {
        // One for each curve, and no more than a small chart can show.
        let firsts = runs.indices.filter { index in
            !runs[..<index].contains { $0.curve == runs[index].curve }
        }
        let versions = firsts.prefix(largestNumberOfVersions).map { runs[$0] }
        guard let first = versions.first(where: \.isFASTerVQ) ?? versions.first else { return [] }
        let peaks = first.run.errors.peaks
        let worst = ErrorTail.worst(peaks)
        let median = peaks.indices.sorted { peaks[$0] < peaks[$1] }[peaks.count / 2]
        var picks = [
            ("The median chunk of \(first.name)", median),
            ("The middle of the worst 1 % of \(first.name)", worst[worst.count / 2]),
            ("The worst chunk of \(first.name)", worst[0]),
        ]
        if let other = versions.first(where: { !$0.isFASTerVQ && $0.name != first.name }) {
            picks.append(("The worst chunk of \(other.name)", ErrorTail.worst(other.run.errors.peaks)[0]))
        }
        let original = compared.normalized(compared.chunks)
        return picks.map { title, chunk in
            ComparisonExample(
                title: title,
                original: original.columns(of: chunk),
                versions: versions.map {
                    Version(
                        name: $0.name,
                        peak: $0.run.errors.peaks[chunk],
                        values: Array(
                            $0.run.reconstruction.columns(
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
    /// The valid steps of a chunk, or its first `steps`, by column.
    fileprivate func columns(of chunk: Int, steps: Int? = nil) -> [[Double]] {
        let first = chunk * horizon * dimension
        return (0 ..< dimension).map { column in
            (0 ..< (steps ?? validSteps[chunk])).map { Double(values[first + $0 * dimension + column]) }
        }
    }
}
