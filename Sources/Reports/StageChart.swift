/// Where the time of a usual answer goes: one bar a stage, each beginning where the one before ended.
struct StageChart {
    let stages: [RunReport.Stage]

    private static let rowHeight = 24.0
    private static let left = 96.0
    private static let right = 348.0
    private static let top = 26.0

    /// The chart as a `figure` element.
    var markup: String {
        """
        <figure class="chart"><figcaption>A usual answer</figcaption>
        \(drawing)
        </figure>
        """
    }

    private var drawing: String {
        let medians = stages.map { $0.median.isFinite ? min(max($0.median, 0), 1e9) : 0 }
        let bottom = Self.top + Double(stages.count) * Self.rowHeight
        let area = Plot.Area(left: Self.left, top: Self.top, right: Self.right, bottom: bottom)
        var plot = Plot(
            "Median time of every stage of an answer",
            xLabel: "milliseconds since the observation was read",
            yLabel: "",
            area: area,
            x: Scale([0, medians.reduce(0, +)], from: area.left, to: area.right, isWidened: false),
            y: Scale([], from: bottom, to: area.top)
        )
        var start = 0.0
        for (index, (stage, median)) in zip(stages, medians).enumerated() {
            let y = Self.top + Double(index) * Self.rowHeight
            plot.svg.text(
                stage.name.shortened(to: 14),
                x: area.left - 7,
                y: y + 16,
                anchor: .end,
                style: "row"
            )
            plot.svg.rectangle(
                x: plot.x(start),
                y: y + 4,
                width: max(1, plot.x(start + median) - plot.x(start)),
                height: Self.rowHeight - 8,
                style: "bar c0",
                tooltip: "\(stage.name): \(median.fixed(2)) ms"
            )
            start += median
        }
        return plot.svg.markup
    }
}
