import Evaluation
import Foundation

extension EvaluationSummary {
    /// Output of `faster evaluate`: a line a task, then averages.
    var lines: [String] {
        let tasks = tasks.sorted { $0.key < $1.key }.map { line($0.key, $0.value) }
        let groups = (groups ?? []).map { group in
            rate(group.name, group.success, group.interval)
                + "  of \(group.episodes), \(group.tasks) tasks"
        }
        let average = macro.map { macro in
            rate("macro average", macro.success, macro.interval)
                + "  of \(groups.count) groups"
        }
        return tasks + [line("mean", mean)] + groups
            + [average, sizeLine, stageLine, settingsLine].compactMap { $0 }
            + perturbed
    }

    /// Line with the mean numbers of tokens and forwards of a chunk.
    private var sizeLine: String? {
        let parts = [("tokens", mean.tokens), ("forwards", mean.forwards)].compactMap { name, number in
            number.map { String(format: "%.2f ", $0) + name }
        }
        return parts.isEmpty ? nil : "a chunk, means: " + parts.joined(separator: ", ")
    }

    /// Line with what the scores are of.
    private var settingsLine: String? {
        settings.map { settings in
            "\(settings.policyName): " + settings.details.map { "\($0) \($1)" }.joined(separator: ", ")
        }
    }

    /// Line with the median times of the stages of an inference.
    private var stageLine: String? {
        guard let stages else { return nil }
        let parts = stages.map { "\($0.name) \(String(format: "%.2f ms", $0.times.p50))" }
        return "stages of an inference, medians: " + parts.joined(separator: ", ")
    }

    /// A line a perturbation, with the difference to the plain scenes in percentage points.
    private var perturbed: [String] {
        (perturbations ?? []).map { row in
            let (difference, interval) = (row.difference, row.difference.interval)
            return rate(row.name, row.success, row.interval)
                + String(
                    format: "  of %d, %+.0f points [%+.0f, %+.0f]  %d lost, %d won, p %.2g",
                    row.episodes,
                    100 * difference.value,
                    100 * interval.low,
                    100 * interval.high,
                    difference.lost,
                    difference.won,
                    difference.pValue
                )
        }
    }

    private func line(_ name: String, _ result: TaskSummary) -> String {
        let latency =
            result.latency.map { String(format: "  latency p50 %.1f ms, p99 %.1f ms", $0.p50, $0.p99) } ?? ""
        let lastStep =
            result.lastStep.map { last in
                let interval = last.interval
                return String(
                    format: ", at the last step %.0f %% [%.0f, %.0f]",
                    100 * last.success,
                    100 * interval.low,
                    100 * interval.high
                )
            } ?? ""
        return rate(name, result.success, result.interval)
            + String(format: "  of %d", result.episodes) + lastStep
            + String(format: ", %.0f steps", result.steps)
            + (result.jerk.map { String(format: ", jerk %.3g", $0) } ?? "") + latency
    }

    /// A name, a rate and its interval in per cent, in columns.
    private func rate(_ name: String, _ fraction: Double, _ interval: ConfidenceInterval?) -> String {
        let longest = tasks.keys.map(\.count).max() ?? 0
        return name.column(max(30, longest + 2)) + String(format: "%3.0f %%", 100 * fraction)
            + (interval.map { String(format: "  [%.0f, %.0f]", 100 * $0.low, 100 * $0.high) } ?? "")
    }
}
