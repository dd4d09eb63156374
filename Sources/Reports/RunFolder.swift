public import ActionTokenizers
internal import Evaluation
public import Foundation
internal import Support

/// The folder of a run: metrics of its trainings, evaluations of its tokenizers and its policy.
public struct RunFolder {
    /// The content of `summary.json`.
    public struct Summary: Encodable {
        /// Mean success of the policy over all tasks.
        public var successMean: Double?
        /// Success by task.
        public var success: [String: Double]?
        /// Metrics by tokenizer.
        public var tokenizers: [String: TokenizerMetrics]
        /// Duration of every phase.
        public var seconds: [String: Double]

        enum CodingKeys: String, CodingKey {
            case successMean = "success_mean"
            case success, tokenizers, seconds
        }
    }

    /// One evaluation of a policy.
    struct Rollouts {
        let summary: EvaluationSummary
        let episodes: [EpisodeResult]
        let folder: URL
    }

    /// Sentences about files that cannot be read and are left out.
    public let warnings: [String]

    let url: URL
    let tokenizers: [TokenizerDetails]
    let tokenizerMetrics: [[String: Double]]
    let policyMetrics: [[String: Double]]
    let policy: Rollouts?
    /// Rollouts of the policy that comes with the program.
    let shipped: Rollouts?
    let expert: Rollouts?
    let untrained: Rollouts?
    let seconds: [String: Double]
    let facts: [String: String]

    /// Reads the folder at `url`; parts that are missing are left out.
    public init(_ url: URL) {
        self.url = url
        var reader = Reader(folder: url)
        tokenizers = Self.evaluations(in: url.appending(path: "tokenizer/evaluation")).compactMap {
            reader.read(TokenizerDetails.self, "tokenizer/evaluation/\($0).json")
        }
        tokenizerMetrics = TrainingMetrics.all(of: url.appending(path: "tokenizer/metrics.jsonl"))
        policyMetrics = TrainingMetrics.all(of: url.appending(path: "policy/metrics.jsonl"))
        policy = reader.rollouts("evaluation/policy")
        shipped = reader.rollouts("evaluation/shipped")
        expert = reader.rollouts("evaluation/expert")
        untrained = reader.rollouts("evaluation/untrained")
        seconds = reader.read([String: Double].self, "seconds.json") ?? [:]
        facts = reader.read([String: String].self, "facts.json") ?? [:]
        warnings = reader.warnings
    }

    /// Names of tokenizers' evaluations, in the order of reports; others follow by name.
    private static let knownTokenizers = [
        "fastervq", "fastervq-linear", "vq-bet", "vq-vla", "oat", "fast", "fast+", "beast", "binning",
        "binning-uniform",
    ]

    /// Names of the evaluations in `folder`, without `.json`.
    private static func evaluations(in folder: URL) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let names = files.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }
            .map { String($0.dropLast(".json".count)) }
        return knownTokenizers.filter(names.contains)
            + names.filter { !knownTokenizers.contains($0) }.sorted()
    }

    /// The first of FASTerVQ's tokenizers.
    var fasterVQ: TokenizerDetails? { tokenizers.first { $0.metrics.tokenizer.hasPrefix("fastervq") } }

    /// True if there is nothing to report on.
    public var isEmpty: Bool {
        tokenizers.isEmpty && tokenizerMetrics.isEmpty && policyMetrics.isEmpty && policy == nil
            && shipped == nil
    }

    /// The main numbers.
    public var summary: Summary {
        Summary(
            successMean: policy?.summary.mean.success,
            success: policy?.summary.tasks.mapValues(\.success),
            tokenizers: Dictionary(
                tokenizers.map { ($0.metrics.tokenizer, $0.metrics) },
                uniquingKeysWith: { first, _ in first }
            ),
            seconds: seconds
        )
    }

    /// Reads JSON files, and collects their errors.
    private struct Reader {
        let folder: URL
        var warnings: [String] = []

        mutating func read<Value: Decodable>(_ type: Value.Type, _ path: String) -> Value? {
            let file = folder.appending(path: path)
            guard FileManager.default.fileExists(atPath: file.path) else { return nil }
            do {
                return try JSONDecoder().decode(type, from: Data(contentsOf: file))
            } catch {
                warn(file, error is DecodingError ? "\(error)" : error.localizedDescription)
                return nil
            }
        }

        mutating func rollouts(_ path: String) -> Rollouts? {
            let (former, folder) = (warnings.count, folder.appending(path: path))
            let summary = read(EvaluationSummary.self, path + "/summary.json")
            let episodes = read([EpisodeResult].self, path + "/episodes.json")
            if let summary, let episodes {
                return Rollouts(summary: summary, episodes: episodes, folder: folder)
            }
            if summary != nil || episodes != nil, warnings.count == former {
                warn(
                    folder,
                    "it has only one of summary.json and episodes.json, which 'faster evaluate' writes"
                )
            }
            return nil
        }

        private mutating func warn(_ file: URL, _ reason: String) {
            warnings.append("Warning: \(file.path) is left out: \(reason)")
        }
    }
}
