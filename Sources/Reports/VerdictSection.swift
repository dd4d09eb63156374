/// How often a tokenizer is better than others at no more bits: one row a dataset.
struct VerdictSection {
    let datasets: [ComparisonReport.Dataset]

    /// The part of the page; empty where there are no verdicts.
    var section: Page.Section {
        let judged = datasets.filter { !$0.verdicts.isEmpty }
        let names = judged.flatMap(\.verdicts).flatMap(\.measures).map(\.name)
            .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let table = Table(
            caption:
                "Of all comparisons at equal or fewer bits a chunk, how many FASTerVQ wins. Neither wins where the "
                + "95 % interval of the difference, over episodes drawn again, holds 0.",
            header: ["dataset"] + names,
            rows: judged.map { dataset in
                [Table.Cell(text: dataset.name)] + names.map { tally($0, dataset.verdicts) }
            }
        )
        return Page.Section(
            anchor: "verdicts",
            title: "Verdict",
            introduction: "Is FASTerVQ better than the others where it spends no more bits?",
            body: judged.isEmpty ? "" : table.markup
        )
    }

    private func tally(_ measure: String, _ verdicts: [ComparisonReport.Verdict]) -> Table.Cell {
        let outcomes = verdicts.compactMap { $0.measures.first { $0.name == measure }?.outcome }
        let (won, lost) = (outcomes.count { $0 == .better }, outcomes.count { $0 == .worse })
        let missing = verdicts.count { $0.measures.isEmpty }
        var text = "\(won) better, \(lost) worse, of \(outcomes.count)"
        if missing > 0 { text += "; \(missing) without a rate" }
        let style =
            outcomes.isEmpty || won + lost == 0 ? "" : won > lost ? "better" : lost > won ? "worse" : ""
        return Table.Cell(text: text, style: style)
    }

    /// One dataset's verdicts with their numbers.
    static func table(_ verdicts: [ComparisonReport.Verdict]) -> String {
        let names = verdicts.first { !$0.measures.isEmpty }?.measures.map(\.name) ?? []
        guard !verdicts.isEmpty else { return "" }
        let table = Table(
            caption:
                "At equal or fewer bits, those of an average chunk or of the chunk with most. Left of “to” is the first tokenizer's number, right of it the other's; "
                + "green is better and orange worse by more than chance.",
            header: ["bits are", "tokenizer", "bits", "against", "bits"] + names,
            rows: verdicts.map { verdict in
                let cells = names.map { name in
                    guard let measure = verdict.measures.first(where: { $0.name == name }) else {
                        return Table.Cell(text: "–")
                    }
                    let style = measure.outcome == .undecided ? "" : measure.outcome.rawValue
                    return Table.Cell(text: "\(measure.own) to \(measure.other)", style: style)
                }
                return [
                    Table.Cell(text: verdict.budget), Table.Cell(text: verdict.own),
                    Table.Cell(text: verdict.bits.readable),
                    Table.Cell(text: verdict.other), Table.Cell(text: verdict.otherBits.readable),
                ] + cells
            }
        ).markup
        return "<details><summary>Every comparison at equal bits</summary>\(table)</details>"
    }
}
