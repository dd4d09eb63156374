internal import ActionTokenizers
internal import Evaluation
internal import RobotTypes

/// A comparison on one dataset.
public struct ComparisonRun: Sendable {
    /// The numbers.
    public private(set) var result: DatasetComparison

    /// Example chunks with their reconstructions.
    public let examples: [ComparisonExample]

    private let candidates: [Candidate]
    /// Names of the candidates' full tokenizers.
    private let fullNames: [String]
    private let compared: ComparedChunks

    /// Evaluates every candidate on all chunks.
    ///
    /// - Parameters:
    ///   - name: Name of the dataset.
    ///   - isHeldOut: True if no candidate was trained on its robot or tasks.
    ///   - candidates: The tokenizers.
    ///   - compared: The chunks.
    ///   - seed: Seed of the bootstrap over trainings and episodes.
    ///   - onRun: Called before every tokenizer.
    /// - Throws: The errors of tokenizers, and `ActionTokenizerError` when the shapes of a tokenizer and the chunks differ or the
    ///   tokenizers of a candidate differ in their codebooks.
    public init(
        name: String,
        isHeldOut: Bool,
        candidates: [Candidate],
        on compared: ComparedChunks,
        seed: UInt64,
        onRun: (Candidate) -> Void = { _ in }
    ) throws {
        (self.candidates, self.compared) = (candidates, compared)
        var fullNames: [String] = []
        let evaluator = ComparisonEvaluator(compared, seed: seed)
        var evaluated: [EvaluatedPoint] = []
        var fullRuns: [(name: String, curve: String, run: CandidateRun, isFASTerVQ: Bool)] = []
        for candidate in candidates {
            let points = try candidate.tokenizers.map { tokenizer in
                onRun(candidate)
                return try CandidatePoint.all(of: tokenizer, candidate, on: compared)
            }
            guard Set(points.map(\.count)).count == 1 else {
                throw ActionTokenizerError(
                    "\(candidate.curve): its tokenizers differ in their codebooks, so they are not seeds of one training"
                )
            }
            for index in points[0].indices {
                let seeds = points.map { $0[index] }
                evaluated.append(evaluator.point(seeds, candidate))
                guard seeds[0].isFullTokenizer, let point = evaluated.last?.point else { continue }
                fullRuns.append((point.name, point.curve, seeds[0].run, candidate.isFASTerVQ))
                fullNames.append(point.name)
            }
        }
        self.fullNames = fullNames
        examples = ComparisonExample.choose(fullRuns, on: compared)
        let ordered = Self.ordered(evaluated)
        result = DatasetComparison(
            name: name,
            isHeldOut: isHeldOut,
            episodes: compared.episodeCount,
            chunks: compared.chunks.count,
            horizon: compared.chunks.horizon,
            columns: compared.columns,
            groups: compared.space.groups.flatMap { Array(repeating: $0.name, count: $0.count) },
            operatingPoints: ordered.map(\.point),
            results: ComparisonResult.all(ordered, weights: evaluator.weights, evaluator.bootstrap)
        )
    }

    /// Curves in the order of their first points; the points of a curve by increasing bits.
    private static func ordered(_ points: [EvaluatedPoint]) -> [EvaluatedPoint] {
        var curves: [String] = []
        for point in points where !curves.contains(point.point.curve) { curves.append(point.point.curve) }
        return curves.flatMap { curve in
            points.filter { $0.point.curve == curve }
                // Rounded, because equal sizes are summed in different orders.
                .sorted {
                    ($0.point.bitsPerChunk.mean * 1e6).rounded()
                        < ($1.point.bitsPerChunk.mean * 1e6).rounded()
                }
        }
    }

    /// Measures the times of every full tokenizer for one chunk; best while nothing else runs.
    ///
    /// - Throws: The errors of tokenizers.
    public mutating func measureTimes(calls: Int = 200) throws {
        let chunks = compared.chunks
        for (candidate, name) in zip(candidates, fullNames) {
            let tokenizer = candidate.tokenizers[0]
            let times = try TokenizerEvaluation.times(
                of: tokenizer,
                on: tokenizer.normalized(chunks),
                calls: calls
            )
            guard let index = result.operatingPoints.firstIndex(where: { $0.name == name }) else { continue }
            result.operatingPoints[index].encodeMicroseconds = times.encode
            result.operatingPoints[index].decodeMicroseconds = times.decode
        }
    }
}
