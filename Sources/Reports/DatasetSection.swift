/// All that was found on one dataset.
struct DatasetSection {
    let dataset: ComparisonReport.Dataset
    let anchor: String
    private let styles: LineStyles

    init(dataset: ComparisonReport.Dataset, anchor: String) {
        (self.dataset, self.anchor) = (dataset, anchor)
        styles = LineStyles(dataset.lines)
    }

    /// The part of the page.
    var section: Page.Section {
        Page.Section(
            anchor: anchor,
            title: dataset.name,
            introduction: dataset.introduction,
            body: dataset.lines.isEmpty
                ? ""
                : curves + VerdictSection.table(dataset.verdicts) + DatasetTables(dataset).markup + tail
                    + examples
        )
    }

    private var legend: String {
        Legend.markup(of: dataset.lines.map { (name: $0.name, style: styles[$0.name]) })
    }

    private enum Axis { case bits, tokens }

    private var curves: String {
        let main = [l1(.bits), valid("0.05", .bits), valid("0.1", .bits)]
        let more =
            [valid("0.01", .bits)] + ["0.01", "0.05", "0.1"].map { valid($0, .bits, isEuclidean: true) }
            + [l1(.tokens), valid("0.05", .tokens), valid("0.1", .tokens)]
        return """
            <h3>Rate and distortion</h3>
            <p class="remark">A dot is a rate at the mean size of its chunks; a bar to the right reaches to the largest \
            chunk, a bar across is the 95 % interval.</p>
            \(legend)
            \(Page.charts(main))
            <details><summary>Smaller tolerance, Euclidean errors, tokens instead of bits</summary>
            \(Page.charts(more))
            </details>
            """
    }

    private func l1(_ axis: Axis) -> String {
        chart("Mean absolute error", axis, yLabel: "normalised units", isLogarithmic: true) { $0.l1 }
    }

    private func valid(_ tolerance: String, _ axis: Axis, isEuclidean: Bool = false) -> String {
        let name = "VRR(\(tolerance))" + (isEuclidean ? ", Euclidean" : "")
        return chart(name, axis, yLabel: "chunks within \(tolerance), %", isLogarithmic: false) { rate in
            let shares = isEuclidean ? rate.vrrL2 : rate.vrrMaxAbsolute
            return shares.first { $0.tolerance == tolerance }?.share.percents ?? .init(.nan)
        }
    }

    private func chart(
        _ title: String,
        _ axis: Axis,
        yLabel: String,
        isLogarithmic: Bool,
        y: (ComparisonReport.Rate) -> ComparisonReport.Measured
    ) -> String {
        let lines = dataset.lines.map { line in
            let points = line.rates.map { rate in
                let size = axis == .bits ? rate.bits : rate.tokens
                return RateChart.Point(name: rate.name, x: size.mean, largest: size.max, y: y(rate))
            }
            return (name: line.name, style: styles[line.name], points: points)
        }
        return RateChart(
            title: title,
            xLabel: axis == .bits ? "bits a chunk" : "tokens a chunk",
            yLabel: yLabel,
            isLogarithmic: isLogarithmic,
            lines: lines
        ).markup
    }

    /// What tells the tokenizers of one line, which share its colour, apart.
    private static let strokes = ["", " dashed", " dotted"]

    /// Every whole tokenizer with the name and style of its line.
    private var wholes: [(name: String, style: String, whole: ComparisonReport.Whole)] {
        dataset.lines.flatMap { line in
            let wholes = line.rates.filter { $0.whole != nil }
            return wholes.enumerated().compactMap { index, rate in
                rate.whole.map { (rate.name, styles[line.name] + Self.strokes[min(index, 2)], $0) }
            }
        }
    }

    private var tail: String {
        let shown = wholes.filter { !$0.whole.quantiles.isEmpty }
        guard !shown.isEmpty else { return "" }
        func chart(_ title: String, from share: Double) -> String {
            let series = shown.map { item in
                RunReport.Series(
                    name: item.name,
                    points: item.whole.quantiles.filter { $0.share >= share }.map {
                        (x: $0.share * 100, y: $0.error)
                    }
                )
            }
            let curve = RunReport.Curve(
                title: title,
                xLabel: "share of chunks, %",
                yLabel: "largest error",
                logarithmic: true,
                series: series
            )
            return LineChart(curve: curve, styles: shown.map(\.style)).markup
        }
        return """
            <h3>How errors are spread</h3>
            <p class="remark">The largest absolute error of a chunk that a share of all chunks does not exceed, in \
            normalised units.</p>
            \(Legend.markup(of: shown.map { (name: $0.name, style: $0.style) }))
            \(Page.charts([chart("All chunks", from: 0), chart("The worst tenth", from: 0.9)]))
            \(DatasetTables(dataset).tail)
            """
    }

    private var examples: String {
        guard let first = dataset.examples.first else { return "" }
        let drawn = dataset.examples.map { example in
            Overlays(
                title: example.title,
                note: example.note,
                columns: example.columns,
                original: example.original,
                // The first is the one that the report is about: it lies on top.
                versions: example.versions.reversed().map { ($0.name, styles[$0.line], $0.values) }
            )
        }
        let extents = Overlays.extents(of: drawn)
        return Overlays.legend(first.versions.map { ($0.name, styles[$0.line]) })
            + drawn.map { $0.markup(extents) }.joined()
    }
}
