/// Numbers of comparisons won and lost at equal or fewer bits: one row for each dataset.
struct ComparisonResultSection {
    let datasets: [ComparisonReport.Dataset]

    /// The section of the page; empty without comparisons.
    var section: Page.Section {
        let compared = datasets.filter { !$0.results.isEmpty }
        let names = compared.flatMap(\.results).flatMap(\.measures).map(\.name)
            .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let table = Table(
            caption:
                "Comparisons at equal or fewer bits or tokens a chunk that FASTerVQ wins. Neither wins when the "
                + "95 % interval of the difference (bootstrap over trainings and episodes) contains 0. VRR(s), the valid "
                + "reconstruction rate, is the fraction of chunks without an error above s.",
            header: ["dataset"] + names,
            rows: compared.map { dataset in
                [Table.Cell(text: dataset.name)] + names.map { counts($0, dataset.results) }
            }
        )
        return Page.Section(
            anchor: "comparison-results",
            title: "Comparison at equal bits and tokens",
            introduction:
                "Is FASTerVQ better than the others at equal or fewer bits, and at equal or fewer tokens?",
            body: compared.isEmpty ? "" : table.markup
        )
    }

    private func counts(_ measure: String, _ results: [ComparisonReport.ComparisonResult]) -> Table.Cell {
        let outcomes = results.compactMap { $0.measures.first { $0.name == measure }?.outcome }
        let (won, lost) = (outcomes.count { $0 == .better }, outcomes.count { $0 == .worse })
        let missing = results.count { $0.measures.isEmpty }
        var text = "\(won) better, \(lost) worse, of \(outcomes.count)"
        if missing > 0 { text += "; \(missing) without an operating point" }
        let style =
            outcomes.isEmpty || won + lost == 0 ? "" : won > lost ? "better" : lost > won ? "worse" : ""
        return Table.Cell(text: text, style: style)
    }

    /// The results on one dataset, with their numbers.
    static func table(_ results: [ComparisonReport.ComparisonResult]) -> String {
        let names = results.first { !$0.measures.isEmpty }?.measures.map(\.name) ?? []
        guard !results.isEmpty else { return "" }
        let table = Table(
            caption:
                "At equal or fewer bits (mean or maximum over chunks) or tokens. Left of “to” is the first tokenizer's number, right of it the other's; "
                + "green is significantly better, orange significantly worse.",
            header: ["equal", "tokenizer", "size", "against", "size"] + names,
            rows: results.map { result in
                let cells = names.map { name in
                    guard let measure = result.measures.first(where: { $0.name == name }) else {
                        return Table.Cell(text: "–")
                    }
                    let style = measure.outcome == .undecided ? "" : measure.outcome.rawValue
                    return Table.Cell(text: "\(measure.own) to \(measure.other)", style: style)
                }
                return [
                    Table.Cell(text: result.budget), Table.Cell(text: result.own),
                    Table.Cell(text: result.size.readable),
                    Table.Cell(text: result.other), Table.Cell(text: result.otherSize.readable),
                ] + cells
            }
        ).markup
        return "<details><summary>Every comparison at equal size</summary>\(table)</details>"
    }
}
