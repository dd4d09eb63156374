/// The page around a report's parts: head, contents, sections, and how to reproduce them.
struct Page {
    private let report: RunReport

    init(_ report: RunReport) {
        self.report = report
    }

    /// Stands where a chart has no value to show.
    static let nothing = "<p class=\"nothing\">no values</p>"

    /// The whole page.
    var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="\(policy)">
        <title>\(report.title.escaped)</title>
        <style>\(Style.sheet)</style>
        </head>
        <body>
        <header>
        <h1>\(report.title.escaped)</h1>
        \(paragraph(report.subtitle, style: "subtitle"))
        \(keyFigures)
        \(contents)
        </header>
        <main>
        \(sections.map(markup).joined(separator: "\n"))
        </main>
        </body>
        </html>

        """
    }

    /// Lets the browser itself refuse whatever is not inside the page.
    private var policy: String {
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"
    }

    private struct Section {
        let anchor: String
        let title: String
        let introduction: String
        let body: String
    }

    private var sections: [Section] {
        [success, rollouts, tokenizers, overlays, codebooks, training, latency, reproduction]
            .filter { !$0.body.isEmpty }
    }

    private func markup(_ section: Section) -> String {
        """
        <section id="\(section.anchor)">
        <h2>\(section.title)</h2>
        \(paragraph(section.introduction, style: "introduction"))
        \(section.body)
        </section>
        """
    }

    private func paragraph(_ text: String, style: String) -> String {
        text.isEmpty ? "" : "<p class=\"\(style)\">\(text.escaped)</p>"
    }

    private var contents: String {
        guard sections.count > 1 else { return "" }
        let links = sections.map { "<a href=\"#\($0.anchor)\">\($0.title)</a>" }
        return "<nav aria-label=\"Contents\">\(links.joined(separator: "\n"))</nav>"
    }

    private var keyFigures: String {
        guard !report.keyFigures.isEmpty else { return "" }
        let items = report.keyFigures.map { figure in
            """
            <div><dt>\(figure.label.escaped)</dt><dd><b>\(figure.value.escaped)</b>\
            \(figure.note.isEmpty ? "" : "<small>\(figure.note.escaped)</small>")</dd></div>
            """
        }
        return "<dl class=\"figures\">\(items.joined(separator: "\n"))</dl>"
    }
}

extension Page {
    private var success: Section {
        let columns: [(name: String, rate: (RunReport.TaskSuccess) -> RunReport.Rate?)] = [
            ("policy", { $0.policy }), ("expert", \.expert), ("untrained", \.untrained),
        ]
        let filled = columns.filter { column in report.success.contains { column.rate($0) != nil } }
        let table = Table(
            caption: "Share of episodes solved, with its 95 % interval in per cent.",
            header: ["task"] + filled.map(\.name) + ["episodes"],
            rows: report.success.map { task in
                [Table.Cell(text: task.task)] + filled.map { Table.Cell(text: $0.rate(task)?.text ?? "–") }
                    + [Table.Cell(text: episodes(filled.compactMap { $0.rate(task)?.episodes }))]
            }
        )
        return Section(
            anchor: "success",
            title: "Success in closed loop",
            introduction: "Every dot is a success rate, every line its 95 % Wilson interval.",
            body: report.success.isEmpty
                ? ""
                : "<div class=\"pair\">\(IntervalChart(tasks: report.success).markup)\(table.markup)</div>"
        )
    }

    /// One number where all rates rest on as many episodes, else one for each of them.
    private func episodes(_ counts: [Int]) -> String {
        Set(counts).count == 1 ? "\(counts[0])" : counts.map(String.init).joined(separator: " / ")
    }

    private var rollouts: Section {
        Section(
            anchor: "rollouts",
            title: "Rollouts",
            introduction: "Episodes as they were filmed.",
            body: report.rollouts.isEmpty ? "" : Videos(rollouts: report.rollouts).markup
        )
    }

    private var tokenizers: Section {
        Section(
            anchor: "tokenizers",
            title: "Tokenizers",
            introduction: "Fewer tokens and bits at a smaller error are better.",
            body: report.tokenizers.isEmpty ? "" : TokenizerSection(rows: report.tokenizers).markup
        )
    }

    private var overlays: Section {
        Section(
            anchor: "reconstruction",
            title: "Reconstruction",
            introduction: "Action chunks beside what their tokens decode to, one chart a column. "
                + "A column keeps its scale from chunk to chunk.",
            body: report.overlays.isEmpty ? "" : Overlays.legend + overlayCharts
        )
    }

    private var overlayCharts: String {
        let extents = Overlays.extents(of: report.overlays)
        return report.overlays.map { Overlays(overlay: $0, extents: extents).markup }.joined()
    }

    private var codebooks: Section {
        Section(
            anchor: "codebooks",
            title: "Use of the codebooks",
            introduction: "The flatter the bars, the more of the codebook's capacity carries actions.",
            body: charts(report.codebookUse.map { BarChart(use: $0).markup })
        )
    }

    private var training: Section {
        Section(
            anchor: "training",
            title: "Training",
            introduction: "",
            body: charts(report.curves.map { LineChart(curve: $0).markup })
        )
    }

    private var latency: Section {
        Section(
            anchor: "latency",
            title: "Latency",
            introduction: "Time from an observation to its action chunk.",
            body: charts(report.latencies.isEmpty ? [] : [Histogram(report.latencies).markup])
        )
    }

    private var reproduction: Section {
        let facts = report.facts.map { "<div><dt>\($0.name.escaped)</dt><dd>\($0.value.escaped)</dd></div>" }
        let list = facts.isEmpty ? "" : "<dl class=\"facts\">\(facts.joined(separator: "\n"))</dl>"
        let commands = report.commands.joined(separator: "\n").escaped
        return Section(
            anchor: "reproduction",
            title: "Reproduction",
            introduction: "",
            body: list + (commands.isEmpty ? "" : "<pre tabindex=\"0\"><code>\(commands)</code></pre>")
        )
    }

    private func charts(_ figures: [String]) -> String {
        figures.isEmpty ? "" : "<div class=\"charts\">\n\(figures.joined(separator: "\n"))\n</div>"
    }
}
