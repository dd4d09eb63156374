/// Success rates as dots on their 95 % intervals, one row a task or group of tasks.
struct IntervalChart {
    let tasks: [RunReport.TaskSuccess]

    private static let markHeight = 9.0
    private static let lineHeight = 14.0
    private static let longestLine = 46
    private static let left = 8.0
    private static let right = 348.0
    private static let top = 26.0

    /// The chart as a `figure` element.
    var markup: String {
        """
        <figure class="chart intervals">
        \(legend)
        \(drawing)
        </figure>
        """
    }

    private typealias Mark = (name: String, rate: RunReport.Rate, style: String)

    private func marks(of task: RunReport.TaskSuccess) -> [Mark] {
        var marks: [Mark] = []
        if let expert = task.expert { marks.append(("expert", expert, "c2")) }
        marks.append(("policy", task.policy, "c0"))
        if let untrained = task.untrained { marks.append(("untrained", untrained, "muted")) }
        return marks
    }

    private var legend: String {
        let names = [
            ("policy", "c0", true), ("expert", "c2", tasks.contains { $0.expert != nil }),
            ("untrained", "muted", tasks.contains { $0.untrained != nil }),
        ]
        let items = names.filter(\.2).map { name, style, _ in
            var swatch = SVG(width: 26, height: 12, description: name)
            swatch.line(1, 6, 25, 6, style: "interval \(style)")
            Self.draw(name, x: 13, y: 6, style: style, tooltip: "", in: &swatch)
            return "<li class=\"swatch\">\(swatch.markup)\(name)</li>"
        }
        return "<ul class=\"legend\">\(items.joined())</ul>"
    }

    private var drawing: String {
        let nameHeight = self.nameHeight
        let markCount = tasks.map { marks(of: $0).count }.max() ?? 1
        let rowHeight = nameHeight + 17 + Self.markHeight * Double(markCount)
        let bottom = Self.top + Double(tasks.count) * rowHeight
        var svg = SVG(width: 356, height: bottom + 22, description: "Success rate in every row")
        let x = Scale([0, 100], from: Self.left, to: Self.right)
        for tick in stride(from: 0.0, through: 100, by: 25) {
            svg.line(x(tick), Self.top - 6, x(tick), bottom, style: "grid")
            let anchor: SVG.Anchor = tick == 0 ? .start : tick == 100 ? .end : .middle
            let text = tick.fixed(0) + (tick == 100 ? " %" : "")
            svg.text(text, x: x(tick), y: Self.top - 12, anchor: anchor, style: "tick")
            svg.text(text, x: x(tick), y: bottom + 14, anchor: anchor, style: "tick")
        }
        for (index, task) in tasks.enumerated() {
            draw(task, y: Self.top + Double(index) * rowHeight, nameHeight: nameHeight, x: x, in: &svg)
        }
        return svg.markup
    }

    /// Height of the names in every row: those of LIBERO's tasks need two lines.
    private var nameHeight: Double {
        Self.lineHeight * Double(tasks.map { $0.task.wrapped(to: Self.longestLine).count }.max() ?? 1)
    }

    private func draw(
        _ task: RunReport.TaskSuccess,
        y: Double,
        nameHeight: Double,
        x: Scale,
        in svg: inout SVG
    ) {
        for (index, line) in task.task.wrapped(to: Self.longestLine).enumerated() {
            svg.text(line, x: Self.left, y: y + Self.lineHeight * Double(index + 1), style: "row")
        }
        for (index, mark) in marks(of: task).enumerated() where mark.rate.fraction.isFinite {
            let height = y + nameHeight + 11 + Double(index) * Self.markHeight
            let low = Self.percentage(mark.rate.low, else: mark.rate.fraction)
            let high = Self.percentage(mark.rate.high, else: mark.rate.fraction)
            svg.line(x(low), height, x(high), height, style: "interval \(mark.style)")
            Self.draw(
                mark.name,
                x: x(Self.percentage(mark.rate.fraction, else: 0)),
                y: height,
                style: mark.style,
                tooltip: "\(task.task), \(mark.name): \(mark.rate.text), \(mark.rate.episodes) episodes",
                in: &svg
            )
        }
    }

    private static func percentage(_ fraction: Double, else other: Double) -> Double {
        min(max(fraction.isFinite ? fraction : other, 0), 1) * 100
    }

    /// Draws a mark whose shape, and not only its colour, tells who it is.
    private static func draw(
        _ name: String,
        x: Double,
        y: Double,
        style: String,
        tooltip: String,
        in svg: inout SVG
    ) {
        switch name {
        case "policy": svg.circle(x: x, y: y, radius: 4.6, style: "dot \(style)", tooltip: tooltip)
        case "expert":
            let points = [(x: x, y: y - 5), (x: x + 5, y: y), (x: x, y: y + 5), (x: x - 5, y: y)]
            svg.polygon(points, style: "dot \(style)", tooltip: tooltip)
        default: svg.circle(x: x, y: y, radius: 3.6, style: "hollow \(style)", tooltip: tooltip)
        }
    }
}

extension RunReport.Rate {
    /// The rate, with its interval where it has one, such as `80 % (49–94)`.
    var text: String {
        guard fraction.isFinite else { return "–" }
        guard low.isFinite || high.isFinite else { return fraction.percent }
        let ends = [low, high].map { $0.isFinite ? ($0 * 100).fixed(0) : "–" }
        return "\(fraction.percent) (\(ends[0])–\(ends[1]))"
    }
}
