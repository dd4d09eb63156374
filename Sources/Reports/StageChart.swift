/// Median times of the stages of an inference: one bar a stage, each beginning where the one before ended.
struct StageChart {
    let stages: [RunReport.Stage]

    private static let rowHeight = 26.0
    private static let left = 92.0
    private static let right = 330.0
    private static let top = 10.0

    /// The chart as a `figure` element.
    var markup: String {
        """
        <figure class="chart"><figcaption>Stages of an inference</figcaption>
        \(drawing)
        </figure>
        """
    }

    private var drawing: String {
        let medians = stages.map { $0.median.isFinite ? min(max($0.median, 0), 1e9) : 0 }
        let bottom = Self.top + Double(stages.count) * Self.rowHeight
        let x = Scale([0, medians.reduce(0, +)], from: Self.left, to: Self.right, tickCount: 4)
        var svg = SVG(
            width: 360,
            height: bottom + 38,
            description: "Median time of every stage of an inference"
        )
        for tick in x.ticks {
            svg.line(x(tick), Self.top, x(tick), bottom, style: "grid")
            svg.text(x.label(tick), x: x(tick), y: bottom + 16, anchor: .middle, style: "tick")
        }
        svg.line(Self.left, bottom, Self.right, bottom, style: "axis")
        svg.text("milliseconds", x: Self.right, y: bottom + 33, anchor: .end, style: "name")
        var start = 0.0
        for (index, (stage, median)) in zip(stages, medians).enumerated() {
            let y = Self.top + Double(index) * Self.rowHeight
            let name = stage.name.shortened(to: 14)
            svg.text(name, x: Self.left - 8, y: y + 17, anchor: .end, style: "row")
            svg.rectangle(
                x: x(start),
                y: y + 5,
                width: max(1, x(start + median) - x(start)),
                height: Self.rowHeight - 10,
                style: "bar c0",
                tooltip: "\(stage.name): \(median.fixed(2)) ms"
            )
            start += median
        }
        return svg.markup
    }
}
