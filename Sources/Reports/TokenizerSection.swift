/// Tokenizers side by side: two tables, and how valid reconstruction grows with the tolerance.
struct TokenizerSection {
    let rows: [RunReport.TokenizerRow]

    /// The tables and the chart.
    var markup: String {
        size.markup + quality.markup + "<div class=\"charts\">\(reconstruction)\(distortion)</div>"
    }

    private enum Better {
        case lower, higher, neither
    }

    private struct Column {
        let name: String
        let better: Better
        let text: (Double) -> String
        let value: (RunReport.TokenizerRow) -> Double
    }

    private var size: Table {
        table(
            "Size and speed. Times are medians of one call with one chunk; the best of every column is bold.",
            [
                Column(name: "tokens, mean", better: .lower, text: \.readable, value: \.tokensMean),
                Column(name: "tokens, max", better: .lower, text: \.readable, value: \.tokensMax),
                Column(name: "bits", better: .lower, text: \.readable, value: \.bitsMean),
                Column(name: "scalars a token", better: .higher, text: \.readable, value: \.compressionRatio),
                Column(name: "encode, µs", better: .lower, text: \.readable, value: \.encodeMicroseconds),
                Column(name: "decode, µs", better: .lower, text: \.readable, value: \.decodeMicroseconds),
            ]
        )
    }

    private var quality: Table {
        let rates = tolerances.map { tolerance in
            Column(name: "VRR ≤ \(tolerance)", better: .higher, text: \.percent) { row in
                row.vrrMaxAbsolute.first { $0.tolerance == tolerance }?.fraction ?? .nan
            }
        }
        return table(
            "Error in normalised units, valid reconstruction rate (VRR), and use of the codebook.",
            [
                Column(name: "L1", better: .lower, text: \.readable, value: \.l1),
                Column(name: "MSE", better: .lower, text: \.readable, value: \.mse),
            ] + rates + [
                Column(name: "entries used", better: .neither, text: \.percent, value: \.utilization),
                Column(name: "top entry", better: .neither, text: \.percent, value: \.topFrequency),
                Column(name: "entropy", better: .neither, text: \.readable, value: \.normalizedEntropy),
            ]
        )
    }

    /// All tolerances in the order in which the rows name them.
    private var tolerances: [String] {
        rows.flatMap(\.vrrMaxAbsolute).reduce(into: []) { names, rate in
            if !names.contains(rate.tolerance) { names.append(rate.tolerance) }
        }
    }

    private func table(_ caption: String, _ columns: [Column]) -> Table {
        // A column that no tokenizer fills says nothing.
        let filled = columns.filter { column in rows.contains { column.value($0).isFinite } }
        return Table(
            caption: caption,
            header: ["tokenizer"] + filled.map(\.name),
            rows: rows.map { row in
                [Table.Cell(text: row.name)]
                    + filled.map { column in
                        let value = column.value(row)
                        return Table.Cell(text: column.text(value), isBest: isBest(value, of: column))
                    }
            }
        )
    }

    private func isBest(_ value: Double, of column: Column) -> Bool {
        let values = rows.map(column.value).filter(\.isFinite)
        guard values.count > 1, values.min() != values.max() else { return false }
        switch column.better {
        case .lower: return value == values.min()
        case .higher: return value == values.max()
        case .neither: return false
        }
    }

    private var reconstruction: String {
        let series = rows.map { row in
            RunReport.Series(
                name: row.name,
                points: row.vrrMaxAbsolute.map { (x: Double($0.tolerance) ?? .nan, y: $0.fraction * 100) }
            )
        }
        guard series.contains(where: { $0.points.filter { $0.x.isFinite && $0.y.isFinite }.count > 1 }) else {
            return ""
        }
        let curve = RunReport.Curve(
            title: "Valid reconstruction",
            xLabel: "largest absolute error allowed, normalised units",
            yLabel: "valid reconstruction rate, %",
            series: series
        )
        return LineChart(curve: curve).markup
    }

    /// Chart of bits against error: one dot a tokenizer.
    private var distortion: String {
        let measured = rows.filter { $0.bitsMean.isFinite && $0.l1.isFinite }
        guard measured.count > 1 else { return "" }
        // A tokenizer keeps its colour in both charts, so those without a dot stay in the list.
        let series = rows.map { RunReport.Series(name: $0.name, points: [(x: $0.bitsMean, y: $0.l1)]) }
        let curve = RunReport.Curve(
            title: "Error against size",
            xLabel: "bits a chunk",
            yLabel: "mean absolute error, normalised units",
            series: series
        )
        return LineChart(curve: curve).markup
    }
}
