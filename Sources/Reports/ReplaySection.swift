/// Section on the success of an expert's episodes that are replayed after a round trip through tokenizers.
struct ReplaySection {
    let replays: [ComparisonReport.Replay]

    /// The part of the page; empty where nothing was replayed.
    var section: Page.Section {
        Page.Section(
            anchor: "replay",
            title: "Replay",
            introduction:
                "An expert's episode, executed open loop from the same scene after a round trip through each "
                + "tokenizer.",
            body: replays.filter { !$0.rows.isEmpty }.map(markup).joined(separator: "\n")
        )
    }

    private func markup(_ replay: ComparisonReport.Replay) -> String {
        let table = Table(
            caption:
                "Success with its 95 % Wilson interval; the difference to the actions as they were with its 95 % "
                + "interval (Newcombe, paired), and the probability of one as large by chance (McNemar, exact).",
            header: ["actions", "success", "episodes", "difference, points", "lost", "won", "p"],
            rows: replay.rows.map { row in
                let difference = row.difference.map { difference in
                    "\(points(difference.value)) (\(points(difference.low)) to \(points(difference.high)))"
                }
                return [
                    row.name, row.rate.text, "\(row.rate.episodes)", difference ?? "–",
                    row.difference == nil ? "–" : "\(row.lost)", row.difference == nil ? "–" : "\(row.won)",
                    row.pValue?.readable ?? "–",
                ].map { Table.Cell(text: $0) }
            }
        )
        return "<h3>\(replay.title.escaped)</h3>\n\(table.markup)\n\(byTask(replay.rows))"
    }

    /// Success in every task, those where most is lost first; empty where there is but one.
    private func byTask(_ rows: [ComparisonReport.Replay.Row]) -> String {
        guard let original = rows.first, original.tasks.count > 1 else { return "" }
        func loss(_ task: String) -> Double {
            rows.map { (original.tasks[task] ?? 0) - ($0.tasks[task] ?? 0) }.max() ?? 0
        }
        let table = Table(
            caption: "Success in every task, those where a round trip costs most first.",
            header: ["task"] + rows.map(\.name),
            rows: original.tasks.sorted { (-loss($0.key), $0.key) < (-loss($1.key), $1.key) }.map {
                task,
                whole in
                [Table.Cell(text: task)]
                    + rows.map { row in
                        guard let success = row.tasks[task] else { return Table.Cell(text: "–") }
                        let style = success < whole ? "worse" : success > whole ? "better" : ""
                        return Table.Cell(text: success.percent, style: style)
                    }
            }
        )
        return "<details><summary>Task by task</summary>\(table.markup)</details>"
    }

    private func points(_ fraction: Double) -> String { (fraction * 100).fixed(1) }
}
