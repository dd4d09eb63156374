extension RunReport {
    /// The run as a page.
    var page: Page {
        Page(
            title: title,
            subtitle: subtitle,
            keyFigures: keyFigures,
            sections: [
                shippedSection, successSection, perturbationSection, rolloutSection, tokenizerSection,
                overlaySection,
                codebookSection,
                trainingSection, latencySection, .reproduction(facts: facts, commands: commands),
            ]
        )
    }

    private var successSection: Page.Section {
        Page.Section(
            anchor: "success",
            title: "Success in closed loop",
            introduction: "Every mark is a success rate, every line its 95 % interval.",
            body: [("group", groupSuccess), ("task", success)].map { successPair($0, $1) }.joined()
        )
    }

    /// A chart and a table of `success`, whose rows are of one `kind`.
    private func successPair(_ kind: String, _ success: [RunReport.TaskSuccess]) -> String {
        if success.isEmpty { return "" }
        let columns: [(name: String, rate: (RunReport.TaskSuccess) -> RunReport.Rate?)] = [
            ("policy", { $0.policy }), ("expert", \.expert), ("untrained", \.untrained),
        ]
        let filled = columns.filter { column in success.contains { column.rate($0) != nil } }
        let table = Table(
            caption: "Fraction of episodes solved, with its 95 % interval in per cent.",
            header: [kind] + filled.map(\.name) + ["episodes"],
            rows: success.map { task in
                [Table.Cell(text: task.task)] + filled.map { Table.Cell(text: $0.rate(task)?.text ?? "–") }
                    + [Table.Cell(text: episodes(filled.compactMap { $0.rate(task)?.episodes }))]
            }
        )
        return "<div class=\"pair\">\(IntervalChart(tasks: success).markup)\(table.markup)</div>"
    }

    private var perturbationSection: Page.Section {
        let table = Table(
            caption:
                "Success with its 95 % interval in per cent; the difference to the plain episodes in points, with its "
                + "95 % interval (Newcombe, paired), and the probability of one as large by chance (McNemar, exact).",
            header: ["perturbation", "success", "episodes", "difference", "p"],
            rows: perturbations.map { row in
                let ends = row.difference.map { [$0.value, $0.low, $0.high].map { (100 * $0).fixed(0) } }
                let difference = ends.map { "\($0[0]) (\($0[1]) to \($0[2]))" }
                return [
                    row.name, row.rate.text, "\(row.rate.episodes)", difference ?? "–",
                    row.pValue?.readable ?? "–",
                ].map { Table.Cell(text: $0) }
            }
        )
        let rows = perturbations.map { RunReport.TaskSuccess(task: $0.name, policy: $0.rate) }
        return Page.Section(
            anchor: "perturbations",
            title: "Perturbations",
            introduction: "The same tasks and seeds, each time with something made harder.",
            body: rows.isEmpty
                ? ""
                : "<div class=\"pair\">\(IntervalChart(tasks: rows).markup)\(table.markup)</div>"
        )
    }

    /// One number where all rates rest on as many episodes, else one for each of them.
    private func episodes(_ counts: [Int]) -> String {
        Set(counts).count == 1 ? "\(counts[0])" : counts.map(String.init).joined(separator: " / ")
    }

    private var shippedSection: Page.Section {
        let introduction = shipped.map {
            "The policy for many tasks that comes with the program solved \($0.success.text) of "
                + "\($0.success.episodes) episodes of \($0.tasks) tasks that it does well, before this run trained "
                + "anything; its README says how it does on all."
        }
        return Page.Section(
            anchor: "shipped",
            title: "Before anything is trained",
            introduction: introduction ?? "",
            body: shipped.map { Videos(rollouts: $0.rollouts).markup } ?? ""
        )
    }

    private var rolloutSection: Page.Section {
        Page.Section(
            anchor: "rollouts",
            title: "Rollouts",
            introduction: "Episodes as they were filmed.",
            body: rollouts.isEmpty ? "" : Videos(rollouts: rollouts).markup
        )
    }

    private var tokenizerSection: Page.Section {
        Page.Section(
            anchor: "tokenizers",
            title: "Tokenizers",
            introduction: "Fewer tokens and bits at a smaller error are better.",
            body: tokenizers.isEmpty ? "" : TokenizerSection(rows: tokenizers).markup
        )
    }

    private var overlaySection: Page.Section {
        Page.Section(
            anchor: "reconstruction",
            title: "Reconstruction",
            introduction: "Action chunks beside what their tokens decode to, in normalised units, one chart "
                + "a column. A column keeps its scale from chunk to chunk.",
            body: overlays.isEmpty ? "" : Overlays.legend([("reconstructed", "c1")]) + overlayCharts
        )
    }

    private var overlayCharts: String {
        let drawn = overlays.map(Overlays.init)
        let extents = Overlays.extents(of: drawn)
        return drawn.map { $0.markup(extents) }.joined()
    }

    private var codebookSection: Page.Section {
        Page.Section(
            anchor: "codebooks",
            title: "Use of the codebooks",
            introduction: "The flatter the bars, the more of the codebook's capacity carries actions.",
            body: Page.charts(codebookUse.map { BarChart(use: $0).markup })
        )
    }

    private var trainingSection: Page.Section {
        Page.Section(
            anchor: "training",
            title: "Training",
            introduction: "",
            body: Page.charts(curves.map { LineChart(curve: $0).markup })
        )
    }

    private var latencySection: Page.Section {
        Page.Section(
            anchor: "latency",
            title: "Latency",
            introduction: "Time from an observation to its action chunk, and what the policy did in it.",
            body: Page.charts(
                (latencies.isEmpty ? [] : [Histogram(latencies).markup])
                    + (stages.isEmpty ? [] : [StageChart(stages: stages).markup])
            ) + (stages.isEmpty ? "" : stageTable.markup)
        )
    }

    private var stageTable: Table {
        Table(
            caption:
                "Stages of an inference, in milliseconds; fewer inferences reach a block that a deadline cut off.",
            header: ["stage", "median", "99 %", "inferences"],
            rows: stages.map { stage in
                [stage.name, stage.median.fixed(2), stage.slow.fixed(2), "\(stage.count)"].map {
                    Table.Cell(text: $0)
                }
            }
        )
    }
}
