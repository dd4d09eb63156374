/// Results on one dataset.
struct DatasetSection {
    let dataset: ComparisonReport.Dataset
    let anchor: String
    private let styles: LineStyles

    init(dataset: ComparisonReport.Dataset, anchor: String) {
        (self.dataset, self.anchor) = (dataset, anchor)
        styles = LineStyles(dataset.curves)
    }

    /// The section of the page.
    var section: Page.Section {
        Page.Section(
            anchor: anchor,
            title: dataset.name,
            introduction: dataset.introduction,
            body: dataset.curves.isEmpty
                ? ""
                : curves + ComparisonResultSection.table(dataset.results) + DatasetTables(dataset).markup
                    + tail
                    + examples
        )
    }

    private var legend: String {
        Legend.markup(of: dataset.curves.map { (name: $0.name, style: styles[$0.name]) })
    }

    private enum Axis { case bits, tokens }

    private var curves: String {
        let main = [l1(.bits), valid("0.05", .bits), valid("0.1", .bits)]
        let more =
            [valid("0.01", .bits)] + ["0.01", "0.05", "0.1"].map { valid($0, .bits, isEuclidean: true) }
            + [l1(.tokens), valid("0.05", .tokens), valid("0.1", .tokens)]
        return """
            <h3>Rate and distortion</h3>
            <p class="remark">A dot is an operating point at its mean size; a bar to the right reaches to the largest \
            chunk, a vertical bar is the 95 % interval.</p>
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
        return chart(name, axis, yLabel: "chunks within \(tolerance), %", isLogarithmic: false) { point in
            let fractions = isEuclidean ? point.vrrL2 : point.vrrMaxAbsolute
            return fractions.first { $0.tolerance == tolerance }?.fraction.percents ?? .init(.nan)
        }
    }

    private func chart(
        _ title: String,
        _ axis: Axis,
        yLabel: String,
        isLogarithmic: Bool,
        y: (ComparisonReport.OperatingPoint) -> ComparisonReport.Measured
    ) -> String {
        let curves = dataset.curves.map { curve in
            let points = curve.points.map { point in
                let size = axis == .bits ? point.bits : point.tokens
                return RateDistortionChart.Point(
                    name: point.name,
                    x: size.mean,
                    largest: size.max,
                    y: y(point)
                )
            }
            return (name: curve.name, style: styles[curve.name], points: points)
        }
        return RateDistortionChart(
            title: title,
            xLabel: axis == .bits ? "bits a chunk" : "tokens a chunk",
            yLabel: yLabel,
            isLogarithmic: isLogarithmic,
            curves: curves
        ).markup
    }

    /// Strokes of the tokenizers of one curve, which have its colour.
    private static let strokes = ["", " dashed", " dotted"]

    /// Every full tokenizer with the name and style of its curve.
    private var fullTokenizers: [(name: String, style: String, numbers: ComparisonReport.FullTokenizer)] {
        dataset.curves.flatMap { curve in
            let points = curve.points.filter { $0.fullTokenizer != nil }
            return points.enumerated().compactMap { index, point in
                point.fullTokenizer.map { (point.name, styles[curve.name] + Self.strokes[min(index, 2)], $0) }
            }
        }
    }

    private var tail: String {
        let measured = fullTokenizers.filter { !$0.numbers.quantiles.isEmpty }
        guard !measured.isEmpty else { return "" }
        func chart(_ title: String, from fraction: Double) -> String {
            let series = measured.map { item in
                RunReport.Series(
                    name: item.name,
                    points: item.numbers.quantiles.filter { $0.fraction >= fraction }.map {
                        (x: $0.fraction * 100, y: $0.error)
                    }
                )
            }
            let curve = RunReport.Curve(
                title: title,
                xLabel: "fraction of chunks, %",
                yLabel: "largest error",
                logarithmic: true,
                series: series
            )
            return LineChart(curve: curve, styles: measured.map(\.style)).markup
        }
        return """
            <h3>Distribution of errors</h3>
            <p class="remark">Quantiles of the largest absolute error of a chunk, in \
            normalised units.</p>
            \(Legend.markup(of: measured.map { (name: $0.name, style: $0.style) }))
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
                versions: example.versions.reversed().map { ($0.name, styles[$0.curve], $0.values) }
            )
        }
        let extents = Overlays.extents(of: drawn)
        return """
            <h3>Reconstructed chunks</h3>
            <p class="remark">Action chunks beside what their tokens decode to, in normalised units, one chart a column. \
            A column keeps its scale from chunk to chunk.</p>

            """ + Overlays.legend(first.versions.map { ($0.name, styles[$0.curve]) })
                + drawn.map { $0.markup(extents) }.joined()
    }
}
