/// A dataset's numbers as tables.
struct DatasetTables {
    private let dataset: ComparisonReport.Dataset

    init(_ dataset: ComparisonReport.Dataset) { self.dataset = dataset }

    /// All tables but that of the tail.
    var markup: String { operatingPoints + columns + uses }

    private var allPoints: [ComparisonReport.OperatingPoint] { dataset.curves.flatMap(\.points) }

    private var operatingPoints: String {
        let tolerances = allPoints.first?.vrrMaxAbsolute.map(\.tolerance) ?? []
        return Table(
            caption: "Every operating point: mean and largest size, and errors with their 95 % intervals.",
            header: ["tokenizer", "tokens", "bits", "L1"] + tolerances.map { "VRR ≤ \($0)" },
            rows: allPoints.map { point in
                [
                    Table.Cell(text: point.name), size(point.tokens), size(point.bits),
                    cell(point.l1, isFraction: false),
                ]
                    + tolerances.map { tolerance in
                        let fraction = point.vrrMaxAbsolute.first { $0.tolerance == tolerance }?.fraction
                        return fraction.map { cell($0.percents, isFraction: true) } ?? Table.Cell(text: "–")
                    }
            }
        ).markup
    }

    private func size(_ size: (mean: Double, max: Double)) -> Table.Cell {
        // As many lines in every row, so that rows are equally high.
        Table.Cell(text: size.mean.readable, note: size.max.isFinite ? "at most \(size.max.readable)" : "")
    }

    private func cell(_ measured: ComparisonReport.Measured, isFraction: Bool) -> Table.Cell {
        let parts = measured.parts(isFraction: isFraction)
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

    private var fullTokenizers: [(name: String, numbers: ComparisonReport.FullTokenizer)] {
        allPoints.compactMap { point in point.fullTokenizer.map { (point.name, $0) } }
    }

    private var uses: String {
        guard !fullTokenizers.isEmpty else { return "" }
        return Table(
            caption:
                "Use of the codebooks, the mean over them, and time of one call with one chunk, microseconds.",
            header: [
                "tokenizer", "entries used", "entropy", "top entry", "encode, median", "p99",
                "decode, median", "p99",
            ],
            rows: fullTokenizers.map { name, numbers in
                [
                    name, numbers.utilization.percent, numbers.normalizedEntropy.readable,
                    numbers.topFrequency.percent,
                    numbers.encode.p50.readable, numbers.encode.p99.readable, numbers.decode.p50.readable,
                    numbers.decode.p99.readable,
                ].map { Table.Cell(text: $0) }
            }
        ).markup
    }

    /// The worst 1 % of chunks.
    var tail: String {
        let measured = fullTokenizers.filter { $0.numbers.worstPeak.isFinite }
        guard !measured.isEmpty else { return "" }
        return Table(
            caption:
                "The worst 1 % of chunks: their largest errors on average, their mean absolute error, and the columns "
                + "of the largest errors.",
            header: ["tokenizer", "largest error", "L1", "columns"],
            rows: measured.map { name, numbers in
                let worst = numbers.worstColumns.prefix(3).filter { $0.fraction > 0 }
                    .map { "\($0.name) \(($0.fraction * 100).fixed(0))\u{202F}%" }
                return [
                    name, numbers.worstPeak.readable, numbers.worstL1.readable, worst.joined(separator: ", "),
                ].map { Table.Cell(text: $0) }
            }
        ).markup
    }
}
