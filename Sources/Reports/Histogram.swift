/// Histogram of times, with the median and the 99 % quantile marked.
struct Histogram {
    private let sorted: [Double]

    private static let bins = 32

    /// A histogram of `values`, of which those that are not finite are left out.
    init(_ values: [Double]) {
        sorted = values.filter { $0.isFinite && $0 >= 0 && $0 <= 1e12 }.sorted()
    }

    /// The value that a `fraction` of all values do not exceed (nearest rank); not a number where there is none.
    func quantile(_ fraction: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        let rank = Int((fraction * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    /// The chart as a `figure` element.
    var markup: String {
        """
        <figure class="chart wide"><figcaption>\(caption)</figcaption>
        \(drawing)
        </figure>
        """
    }

    private var caption: String {
        let outside = sorted.filter { $0 > upper }.count
        let rest =
            outside > 0 ? "; the last bar gathers \(outside) slower, up to \(quantile(1).readable) ms" : ""
        return "\(Double(sorted.count).fixed(0)) inference\(sorted.count == 1 ? "" : "s")\(rest)"
    }

    /// End of the axis, which leaves out a few stragglers that would squeeze all others into one bar.
    private var upper: Double {
        let reach = max(quantile(0.5) * 2, quantile(0.99) * 1.15)
        let last = min(quantile(1), reach)
        // Values that are all equal still need an axis around them.
        return max(last, quantile(0) * 1.1, 1e-6)
    }

    private var drawing: String {
        guard !sorted.isEmpty else { return Page.nothing }
        let area = Plot.Area(top: 44)
        let lower = max(0, quantile(0) - (upper - quantile(0)) * 0.05)
        let start = lower < upper * 0.3 ? 0 : lower
        let width = max((upper - start) / Double(Self.bins), 1e-9)
        var counts = [Int](repeating: 0, count: Self.bins)
        // Cut off before it is a whole number, which a straggler's would be too large for.
        for value in sorted { counts[Int(min(max(0, (value - start) / width), Double(Self.bins - 1)))] += 1 }
        var plot = Plot(
            "Latency of an inference",
            xLabel: "milliseconds",
            yLabel: "inferences",
            area: area,
            x: Scale(
                [start, start + width * Double(Self.bins)],
                from: area.left,
                to: area.right,
                isWidened: false,
                tickCount: 5
            ),
            y: Scale(counts.map(Double.init) + [0, 4], from: area.bottom, to: area.top, tickCount: 4)
        )
        for (bin, count) in counts.enumerated() where count > 0 {
            let left = start + Double(bin) * width
            plot.svg.rectangle(
                x: plot.x(left),
                y: plot.y(Double(count)),
                width: plot.x(left + width) - plot.x(left) - 1,
                height: area.bottom - plot.y(Double(count)),
                style: "bar c0",
                tooltip: "\(left.readable)–\((left + width).readable) ms: \(count)"
            )
        }
        mark(in: &plot)
        return plot.svg.markup
    }

    /// Marks the two quantiles; their texts stand at different heights, so that they never meet.
    private func mark(in plot: inout Plot) {
        let marks = [("median", quantile(0.5), 20.0), ("p99", quantile(0.99), 6.0)]
        for (name, value, rise) in marks {
            let x = plot.x(value)
            let isLeft = x < (plot.area.left + plot.area.right) / 2
            plot.svg.line(x, plot.area.top - rise - 9, x, plot.area.bottom, style: "mark")
            plot.svg.text(
                "\(name) \(value.readable) ms",
                x: x + (isLeft ? 5 : -5),
                y: plot.area.top - rise,
                anchor: isLeft ? .start : .end,
                style: "strong"
            )
        }
    }
}
