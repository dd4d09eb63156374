/// What became of an expert's episodes after a round trip through tokenizers.
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
        return "<h3>\(replay.title.escaped)</h3>\n\(table.markup)"
    }

    private func points(_ share: Double) -> String { (share * 100).fixed(1) }
}
