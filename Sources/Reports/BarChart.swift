/// Bar chart of the frequencies of a codebook's entries, most frequent first, with a line for even use.
struct BarChart {
    let use: RunReport.CodebookUse

    private static let largestNumberOfBars = 96

    /// The chart as a `figure` element.
    var markup: String {
        """
        <figure class="chart"><figcaption>\(use.name.escaped)</figcaption>
        \(drawing)
        </figure>
        """
    }

    private var drawing: String {
        let frequencies = use.sortedFrequencies.filter { $0.isFinite && $0 >= 0 && $0 <= 1e9 }
        guard !frequencies.isEmpty else { return Page.nothing }
        let area = Plot.Area(bottom: 166)
        let even = 1 / Double(frequencies.count)
        let percents = frequencies.map { $0 * 100 }
        var plot = Plot(
            "Use of the entries of \(use.name)",
            xLabel: "entry, by frequency",
            yLabel: "fraction of tokens, %",
            area: area,
            x: Scale([0, Double(frequencies.count)], from: area.left, to: area.right, isWidened: false),
            y: Scale(percents + [0, even * 100], from: area.bottom, to: area.top, tickCount: 4)
        )
        draw(frequencies, in: &plot)
        let height = plot.y(even * 100)
        plot.svg.line(area.left, height, area.right, height, style: "reference")
        plot.svg.text("even use", x: area.right, y: height - 5, anchor: .end, style: "note")
        return plot.svg.markup
    }

    /// Draws bars; neighbours share one, of their mean height, where a codebook has more entries than fit.
    private func draw(_ frequencies: [Double], in plot: inout Plot) {
        let bars = min(frequencies.count, Self.largestNumberOfBars)
        for bar in 0 ..< bars {
            let range = bar * frequencies.count / bars ..< (bar + 1) * frequencies.count / bars
            let mean = frequencies[range].reduce(0, +) / Double(range.count)
            let left = plot.x(Double(range.lowerBound))
            let right = plot.x(Double(range.upperBound))
            let gap = right - left > 4 ? 1 : 0.0
            let entries =
                range.count == 1
                ? "entry \(range.lowerBound + 1)" : "entries \(range.lowerBound + 1)–\(range.upperBound)"
            plot.svg.rectangle(
                x: left,
                y: plot.y(mean * 100),
                width: right - left - gap,
                height: plot.area.bottom - plot.y(mean * 100),
                style: "bar c0",
                tooltip: "\(entries): \(mean.percent)\(range.count == 1 ? "" : " each")"
            )
        }
    }
}
