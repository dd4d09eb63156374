import ActionTokenizers
import Evaluation
import Foundation
import Training

/// What a run left in its folder.
struct RunFolder {
    /// `summary.json`.
    struct Summary: Encodable {
        var successMean: Double?
        var success: [String: Double]?
        var tokenizers: [String: TokenizerMetrics]
        var seconds: [String: Double]

        enum CodingKeys: String, CodingKey {
            case successMean = "success_mean"
            case success, tokenizers, seconds
        }
    }

    /// One evaluation: who moved the robot, and how it went.
    struct Rollouts {
        let summary: EvaluationSummary
        let episodes: [EpisodeResult]
        let folder: URL
    }

    let url: URL
    let tokenizers: [TokenizerDetails]
    let tokenizerMetrics: [[String: Double]]
    let policyMetrics: [[String: Double]]
    let policy: Rollouts?
    /// Of the policy that comes with the program.
    let shipped: Rollouts?
    let expert: Rollouts?
    let untrained: Rollouts?
    let seconds: [String: Double]
    let facts: [String: String]

    init(_ url: URL) {
        self.url = url
        let names = [
            "fastervq", "vq-bet", "vq-vla", "oat", "fast", "fast+", "beast", "binning", "binning-uniform",
        ]
        tokenizers = names.compactMap {
            Self.read(TokenizerDetails.self, url.appending(path: "tokenizer/evaluation/\($0).json"))
        }
        tokenizerMetrics = TrainingMetrics.lines(of: url.appending(path: "tokenizer/metrics.jsonl"))
        policyMetrics = TrainingMetrics.lines(of: url.appending(path: "policy/metrics.jsonl"))
        policy = Self.rollouts(url.appending(path: "evaluation/policy"))
        shipped = Self.rollouts(url.appending(path: "evaluation/shipped"))
        expert = Self.rollouts(url.appending(path: "evaluation/expert"))
        untrained = Self.rollouts(url.appending(path: "evaluation/untrained"))
        seconds = Self.read([String: Double].self, url.appending(path: "seconds.json")) ?? [:]
        facts = Self.read([String: String].self, url.appending(path: "facts.json")) ?? [:]
    }

    var isEmpty: Bool {
        tokenizers.isEmpty && tokenizerMetrics.isEmpty && policyMetrics.isEmpty && policy == nil
            && shipped == nil
    }

    var summary: Summary {
        Summary(
            successMean: policy?.summary.mean.success,
            success: policy?.summary.tasks.mapValues(\.success),
            tokenizers: Dictionary(
                tokenizers.map { ($0.metrics.tokenizer, $0.metrics) },
                uniquingKeysWith: { $1 }
            ),
            seconds: seconds
        )
    }

    private static func rollouts(_ folder: URL) -> Rollouts? {
        guard let summary = read(EvaluationSummary.self, folder.appending(path: "summary.json")),
            let episodes = read([EpisodeResult].self, folder.appending(path: "episodes.json"))
        else { return nil }
        return Rollouts(summary: summary, episodes: episodes, folder: folder)
    }

    private static func read<Value: Decodable>(_ type: Value.Type, _ file: URL) -> Value? {
        guard let data = try? Data(contentsOf: file) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            Terminal.say("warning: \(file.path) is left out: \(error)")
            return nil
        }
    }
}
