import Foundation

/// Lines over two axes, with a legend where there is more than one.
struct LineChart {
    let curve: RunReport.Curve

    /// Style classes of the series where they are not those of their positions; the legend is then elsewhere.
    var styles: [String]?

    /// The chart as a `figure` element.
    var markup: String {
        """
        <figure class="chart"><figcaption>\(curve.title.escaped)</figcaption>
        \(styles == nil ? Legend.markup(of: curve.series.map(\.name)) : "")
        \(drawing)
        </figure>
        """
    }

    /// True if no series is a line: dots need room at both ends of the axis.
    private var isScatter: Bool {
        curve.series.allSatisfy { $0.points.count < 2 }
    }

    private var drawing: String {
        let area = Plot.Area()
        let points = curve.series.flatMap(\.points)
        guard points.contains(where: { $0.x.isFinite && $0.y.isFinite }) else { return Page.nothing }
        var plot = Plot(
            curve.title,
            xLabel: curve.xLabel,
            yLabel: curve.yLabel + (curve.logarithmic ? " (logarithmic)" : ""),
            area: area,
            x: Scale(points.map(\.x), from: area.left, to: area.right, isWidened: isScatter),
            y: Scale(points.map(\.y), from: area.bottom, to: area.top, isLogarithmic: curve.logarithmic)
        )
        for (index, series) in curve.series.enumerated() {
            draw(series, style: styles?[index] ?? Legend.style(index), in: &plot)
        }
        return plot.svg.markup
    }

    private func draw(_ series: RunReport.Series, style: String, in plot: inout Plot) {
        for run in unbroken(series.points, in: plot) {
            let points = thinned(run).map { (x: plot.x($0.x), y: plot.y($0.y)) }
            let lineStyle = "line \(style)" + (points.count < run.count ? " dense" : "")
            if points.count > 1 { plot.svg.polyline(points, style: lineStyle, tooltip: series.name) }
            // A few marks carry the exact values; a short line shows all of its points.
            let every = max(1, run.count / 40)
            let isShort = run.count <= 12
            for (index, point) in run.enumerated() where index % every == 0 || index == run.count - 1 {
                plot.svg.circle(
                    x: plot.x(point.x),
                    y: plot.y(point.y),
                    radius: run.count == 1 ? 4.5 : isShort ? 3 : 5,
                    style: (isShort ? "dot " : "touch ") + style,
                    tooltip: "\(series.name): \(point.y.readable) at \(point.x.readable)"
                )
            }
        }
    }

    /// Segments of the line between values that are not finite or outside the axis.
    private func unbroken(_ points: [(x: Double, y: Double)], in plot: Plot) -> [[(x: Double, y: Double)]] {
        points.split { !plot.x.accepts($0.x) || !plot.y.accepts($0.y) }.map(Array.init)
    }

    /// The lowest and the highest point of every narrow stretch, so that long runs keep their spikes.
    private func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        let stretches = 240
        guard points.count > 2 * stretches else { return points }
        var result = [points[0]]
        for stretch in 0 ..< stretches {
            let range = stretch * points.count / stretches ..< (stretch + 1) * points.count / stretches
            guard let low = range.min(by: { points[$0].y < points[$1].y }),
                let high = range.max(by: { points[$0].y < points[$1].y })
            else { continue }
            result += [min(low, high), max(low, high)].map { points[$0] }
        }
        return result + [points[points.count - 1]]
    }
}
