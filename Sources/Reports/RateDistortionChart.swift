/// A rate-distortion chart: one curve for each tokenizer, with intervals and a bar to the size of the largest chunk.
struct RateDistortionChart {
    /// An operating point with its interval.
    struct Point {
        let name: String
        let x: Double
        /// Maximum of the sizes of which `x` is the mean.
        let largest: Double
        let y: ComparisonReport.Measured
    }

    let title: String
    let xLabel: String
    let yLabel: String
    /// True for a logarithmic vertical axis (errors); otherwise it is in per cent (fractions of chunks).
    let isLogarithmic: Bool
    let curves: [(name: String, style: String, points: [Point])]

    /// The chart as a `figure` element.
    var markup: String {
        "<figure class=\"chart\"><figcaption>\(title.escaped)</figcaption>\n\(drawing)\n</figure>"
    }

    private var drawing: String {
        let area = Plot.Area()
        let points = curves.flatMap(\.points)
        guard points.contains(where: { $0.x.isFinite && $0.y.value.isFinite }) else { return Page.nothing }
        let heights = points.flatMap { [$0.y.value, $0.y.low, $0.y.high] }
        let scale =
            isLogarithmic
            ? Scale(heights, from: area.bottom, to: area.top, isLogarithmic: true)
            : Scale([0, 100], from: area.bottom, to: area.top)
        var plot = Plot(
            title,
            xLabel: xLabel + " (logarithmic)",
            yLabel: yLabel + (isLogarithmic ? " (logarithmic)" : ""),
            area: area,
            x: Scale(
                points.flatMap { [$0.x, $0.largest] },
                from: area.left + 6,
                to: area.right - 6,
                isLogarithmic: true
            ),
            y: scale
        )
        // Dots lie above all lines, so that none is struck through.
        for curve in curves { drawLine(curve.points, curve.name, curve.style, in: &plot) }
        for curve in curves { for point in curve.points { draw(point, curve.style, in: &plot) } }
        return plot.svg.markup
    }

    private func isShown(_ point: Point, in plot: Plot) -> Bool {
        plot.x.accepts(point.x) && plot.y.accepts(point.y.value)
    }

    private func drawLine(_ points: [Point], _ name: String, _ style: String, in plot: inout Plot) {
        for run in points.split(whereSeparator: { !isShown($0, in: plot) }) where run.count > 1 {
            let positions = run.map { (x: plot.x($0.x), y: plot.y($0.y.value)) }
            plot.svg.polyline(positions, style: "line \(style)", tooltip: name)
        }
    }

    private func draw(_ point: Point, _ style: String, in plot: inout Plot) {
        guard isShown(point, in: plot) else { return }
        let (x, y) = (plot.x(point.x), plot.y(point.y.value))
        let colour = style.split(separator: " ").first.map(String.init) ?? style
        if plot.x.accepts(point.largest), point.largest > point.x * 1.001 {
            plot.svg.line(x, y, plot.x(point.largest), y, style: "reach \(colour)")
            plot.svg.line(
                plot.x(point.largest),
                y - 2.5,
                plot.x(point.largest),
                y + 2.5,
                style: "reach \(colour)"
            )
        }
        if plot.y.accepts(point.y.low), plot.y.accepts(point.y.high) {
            plot.svg.line(x, plot.y(point.y.low), x, plot.y(point.y.high), style: "interval \(colour)")
        }
        let most = point.largest > point.x * 1.001 ? ", at most \(point.largest.readable)" : ""
        plot.svg.circle(
            x: x,
            y: y,
            radius: 3.2,
            style: (LineStyles.isVariant(style) ? "hollow " : "dot ") + colour,
            tooltip:
                "\(point.name): \(point.y.text(isFraction: !isLogarithmic)) at \(point.x.readable)\(most)"
        )
    }
}

extension ComparisonReport.Measured {
    /// The number with its interval, such as `0.0116 (0.0110–0.0121)`; fractions are in per cent already.
    func text(isFraction: Bool) -> String {
        let (value, interval) = parts(isFraction: isFraction)
        return interval.isEmpty ? value : "\(value) (\(interval))"
    }

    /// The number, and its interval where it has one.
    func parts(isFraction: Bool) -> (value: String, interval: String) {
        func number(_ value: Double) -> String { isFraction ? value.fixed(1) : value.readable }
        guard value.isFinite else { return ("–", "") }
        let text = number(value) + (isFraction ? "\u{202F}%" : "")
        return (text, low.isFinite && high.isFinite ? "\(number(low))–\(number(high))" : "")
    }

    /// The fraction in per cent.
    var percents: ComparisonReport.Measured { .init(value * 100, low: low * 100, high: high * 100) }
}
