import ArgumentParser
import Evaluation
import Foundation
import Reports
import Support

extension PolicyCommand {
    /// `faster policy compare`.
    struct Compare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare policies that were evaluated on the same episodes.",
            discussion: """
                An evaluation is a folder that 'faster evaluate --out' wrote. Evaluations of trainings that differ in their \
                seed only are one policy: blocks=runs/a+runs/b fast=runs/c. The first policy is what the others are \
                compared with, scene by scene, on average and task by task.
                """
        )

        @Argument(help: "NAME=FOLDER, or NAME=FOLDER+FOLDER for several trainings.")
        var evaluations: [String]

        @Option(help: "Folder for report.html and compare.json.")
        var out: String?

        @Option(help: "Determines which scenes are drawn again for intervals of several trainings.")
        var seed: UInt64 = 0

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let comparison = try PolicyComparison(try evaluations.map(candidate), seed: seed)
            if let out {
                _ = try OutputFolder(out)
                let folder = out.asFile
                try DurableFile.writeJSON(comparison, to: folder.appending(path: "compare.json"))
                let page = PolicyComparisonReport(rows: comparison.rows.map(\.reported)).html
                try DurableFile.write(Data(page.utf8), to: folder.appending(path: "report.html"))
            }
            if json { return try Terminal.printJSON(comparison) }
            let width = max(8, comparison.rows.map(\.name.count).max() ?? 0) + 2
            let header = ["success", "95 %", "difference", "95 %", "latency", "jerk"]
            print("policy".filled(to: width) + header.map { $0.filled(to: 14) }.joined())
            for row in comparison.rows { print(row.name.filled(to: width) + row.cells.joined()) }
            for row in comparison.rows {
                row.taskLines(beside: comparison.rows[0].name).forEach { print($0) }
            }
        }

        private func candidate(_ text: String) throws -> PolicyComparison.Candidate {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            let folders = parts.count == 2 ? parts[1].split(separator: "+") : []
            guard !folders.isEmpty else {
                throw ValidationError("expected NAME=FOLDER or NAME=FOLDER+FOLDER, found '\(text)'")
            }
            let evaluations = try folders.map { folder in
                let file = String(folder).asFile.appending(path: "episodes.json")
                guard let data = try? Data(contentsOf: file) else {
                    throw ValidationError(
                        "\(file.path): is missing or cannot be read; 'faster evaluate --out' writes it"
                    )
                }
                do {
                    return try JSONDecoder().decode([EpisodeResult].self, from: data)
                } catch {
                    throw ValidationError("\(file.path): cannot be understood: \(error)")
                }
            }
            return PolicyComparison.Candidate(name: parts[0], evaluations: evaluations)
        }
    }
}

extension PolicyComparison.Row {
    private func points(_ share: Double) -> String { String(format: "%+.1f", 100 * share) }

    private func range(_ interval: ConfidenceInterval) -> String {
        "\(points(interval.low)) to \(points(interval.high))"
    }

    /// A table of the tasks, of which there are several.
    fileprivate func taskLines(beside baseline: String) -> [String] {
        guard let tasks, tasks.count > 1 else { return [] }
        let width = max(8, tasks.map(\.task.count).max() ?? 0) + 2
        let widths = [width, max(14, baseline.count + 2), max(14, name.count + 2), 14, 18]
        func line(_ cells: [String]) -> String {
            zip(cells, widths).map { $0.filled(to: $1) }.joined() + (cells.last ?? "")
        }
        let rows = tasks.map { task in
            line([
                task.task, String(format: "%.0f %%", 100 * task.baseline),
                String(format: "%.0f %%", 100 * task.success), points(task.difference), range(task.interval),
                "\(task.scenes)",
            ])
        }
        return ["", line(["task", baseline, name, "difference", "95 %", "scenes"])] + rows
    }

    fileprivate var cells: [String] {
        let cells = [
            String(format: "%.1f %%", 100 * success),
            String(format: "%.1f to %.1f", 100 * interval.low, 100 * interval.high),
            difference.map(points) ?? "",
            differenceInterval.map(range) ?? "",
            latency.map { String(format: "%.1f ms", $0.p50) } ?? "",
            jerk.map { String(format: "%.3f", $0) } ?? "",
        ]
        return cells.map { $0.filled(to: 14) }
    }

    fileprivate var reported: PolicyComparisonReport.Row {
        let difference = difference.flatMap { value in
            differenceInterval.map { (value: value, low: $0.low, high: $0.high) }
        }
        let tasks = (tasks ?? []).map { task in
            PolicyComparisonReport.Task(
                name: task.task,
                scenes: task.scenes,
                baseline: task.baseline,
                success: task.success,
                difference: (task.difference, task.interval.low, task.interval.high)
            )
        }
        return PolicyComparisonReport.Row(
            name: name,
            success: .init(fraction: success, episodes: scenes, low: interval.low, high: interval.high),
            trainings: evaluations,
            difference: difference,
            tasks: tasks,
            latency: latency?.p50,
            jerk: jerk
        )
    }
}

extension String {
    /// The text, with spaces up to `width` characters, and at least one.
    fileprivate func filled(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
