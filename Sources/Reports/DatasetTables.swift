/// A dataset's numbers as tables.
struct DatasetTables {
    private let dataset: ComparisonReport.Dataset

    init(_ dataset: ComparisonReport.Dataset) { self.dataset = dataset }

    /// All tables but that of the tail.
    var markup: String { rates + columns + uses }

    private var allRates: [ComparisonReport.Rate] { dataset.lines.flatMap(\.rates) }

    private var rates: String {
        let tolerances = allRates.first?.vrrMaxAbsolute.map(\.tolerance) ?? []
        return Table(
            caption: "Every rate: mean size over the largest, and errors over their 95 % intervals.",
            header: ["tokenizer", "tokens", "bits", "L1"] + tolerances.map { "VRR ≤ \($0)" },
            rows: allRates.map { rate in
                [
                    Table.Cell(text: rate.name), size(rate.tokens), size(rate.bits),
                    cell(rate.l1, isShare: false),
                ]
                    + tolerances.map { tolerance in
                        let share = rate.vrrMaxAbsolute.first { $0.tolerance == tolerance }?.share
                        return share.map { cell($0.percents, isShare: true) } ?? Table.Cell(text: "–")
                    }
            }
        ).markup
    }

    private func size(_ size: (mean: Double, max: Double)) -> Table.Cell {
        // As many lines in every row, so that rows are equally high.
        Table.Cell(text: size.mean.readable, note: size.max.isFinite ? "at most \(size.max.readable)" : "")
    }

    private func cell(_ measured: ComparisonReport.Measured, isShare: Bool) -> Table.Cell {
        let parts = measured.parts(isShare: isShare)
        return Table.Cell(text: parts.value, note: parts.interval)
    }

    private var columns: String {
        let names = dataset.columns.first?.errors.map(\.name) ?? []
        guard !names.isEmpty else { return "" }
        return Table(
            caption:
                "Mean absolute error of every column in the robot's own units; a group's is the mean of its columns.",
            header: ["column"] + names,
            rows: dataset.columns.map { column in
                let smallest = column.errors.map(\.error).filter(\.isFinite).min()
                let name = Table.Cell(text: column.name, style: column.isGroup ? "group" : "member")
                return [name]
                    + column.errors.map {
                        Table.Cell(
                            text: $0.error.readable,
                            isBest: column.errors.count > 1 && $0.error == smallest
                        )
                    }
            }
        ).markup
    }

    private var wholes: [(name: String, whole: ComparisonReport.Whole)] {
        allRates.compactMap { rate in rate.whole.map { (rate.name, $0) } }
    }

    private var uses: String {
        guard !wholes.isEmpty else { return "" }
        return Table(
            caption:
                "Use of the codebooks, the mean over them, and time of one call with one chunk, microseconds.",
            header: [
                "tokenizer", "entries used", "entropy", "top entry", "encode, median", "p99",
                "decode, median", "p99",
            ],
            rows: wholes.map { name, whole in
                [
                    name, whole.utilization.percent, whole.normalizedEntropy.readable,
                    whole.topFrequency.percent,
                    whole.encode.p50.readable, whole.encode.p99.readable, whole.decode.p50.readable,
                    whole.decode.p99.readable,
                ].map { Table.Cell(text: $0) }
            }
        ).markup
    }

    /// The worst 1 % of chunks.
    var tail: String {
        let shown = wholes.filter { $0.whole.worstPeak.isFinite }
        guard !shown.isEmpty else { return "" }
        return Table(
            caption:
                "The worst 1 % of chunks: their largest errors on average, their mean absolute error, and the columns "
                + "in which the largest errors are.",
            header: ["tokenizer", "largest error", "L1", "where"],
            rows: shown.map { name, whole in
                let places = whole.worstColumns.prefix(3).filter { $0.share > 0 }
                    .map { "\($0.name) \(($0.share * 100).fixed(0))\u{202F}%" }
                return [
                    name, whole.worstPeak.readable, whole.worstL1.readable, places.joined(separator: ", "),
                ].map { Table.Cell(text: $0) }
            }
        ).markup
    }
}
