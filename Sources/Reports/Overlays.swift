/// An action chunk before and after a tokenizer: one small chart a column.
struct Overlays {
    let overlay: RunReport.Overlay

    /// What every column's axis spans, the same for all chunks of a page.
    let extents: [ClosedRange<Double>]

    private static let width = 150.0
    private static let height = 96.0

    /// The charts under the chunk's title.
    var markup: String {
        let charts = (0 ..< columns).map { column in
            "<figure class=\"small\"><figcaption>\(name(column).escaped)</figcaption>\(drawing(column))</figure>"
        }
        return """
            <h3>\(overlay.title.escaped)</h3>
            <div class="multiples">
            \(charts.joined(separator: "\n"))
            </div>
            """
    }

    /// What every column spans over all chunks of a page, so that errors can be compared between them.
    ///
    /// A column that hardly moves gets room, else its smallest errors would fill the chart.
    static func extents(of overlays: [RunReport.Overlay]) -> [ClosedRange<Double>] {
        let columns = overlays.map { max($0.original.count, $0.reconstructed.count) }.max() ?? 0
        return (0 ..< columns).map { column in
            let values = overlays.flatMap { overlay in
                [overlay.original, overlay.reconstructed].flatMap { $0.dropFirst(column).first ?? [] }
            }
            let usable = values.filter { $0.isFinite && $0.magnitude < 1e100 }
            guard let low = usable.min(), let high = usable.max() else { return 0 ... 1 }
            let middle = low / 2 + high / 2
            let half = max(high / 2 - low / 2, leastSpan / 2)
            return middle - half ... middle + half
        }
    }

    /// A tenth of an action's usual range of -1...1.
    private static let leastSpan = 0.2

    /// Names the lines, once for all chunks.
    static var legend: String {
        let items = [("original", "original"), ("reconstructed", "reconstructed c1")].map { name, style in
            var swatch = SVG(width: 26, height: 12, description: name)
            swatch.line(1, 6, 25, 6, style: style)
            return "<li class=\"swatch\">\(swatch.markup)\(name)</li>"
        }
        return "<ul class=\"legend\">\(items.joined())</ul>"
    }

    private var columns: Int {
        max(overlay.original.count, overlay.reconstructed.count)
    }

    private func name(_ column: Int) -> String {
        column < overlay.columns.count ? overlay.columns[column] : "column \(column)"
    }

    private func drawing(_ column: Int) -> String {
        let original = column < overlay.original.count ? overlay.original[column] : []
        let reconstructed = column < overlay.reconstructed.count ? overlay.reconstructed[column] : []
        let steps = max(original.count, reconstructed.count)
        guard steps > 0 else { return Page.nothing }
        var svg = SVG(
            width: Self.width,
            height: Self.height,
            description: "\(overlay.title), \(name(column)): original and reconstructed"
        )
        let x = Scale([0, Double(max(steps - 1, 1))], from: 30, to: Self.width - 4, isWidened: false)
        let extent = extents.indices.contains(column) ? extents[column] : 0 ... 1
        let y = Scale(
            [extent.lowerBound, extent.upperBound],
            from: Self.height - 18,
            to: 8,
            isWidened: false,
            tickCount: 3
        )
        for tick in y.ticks {
            svg.line(30, y(tick), Self.width - 4, y(tick), style: "grid")
            svg.text(y.label(tick), x: 26, y: y(tick) + 3.5, anchor: .end, style: "tick")
        }
        svg.text("0", x: 30, y: Self.height - 4, anchor: .start, style: "tick")
        svg.text("step \(steps - 1)", x: Self.width - 4, y: Self.height - 4, anchor: .end, style: "tick")
        draw(original, x: x, y: y, style: "original", tooltip: "original", in: &svg)
        draw(reconstructed, x: x, y: y, style: "reconstructed c1", tooltip: "reconstructed", in: &svg)
        return svg.markup
    }

    /// Draws the values as a line that values which are not finite interrupt.
    private func draw(
        _ values: [Double],
        x: Scale,
        y: Scale,
        style: String,
        tooltip: String,
        in svg: inout SVG
    ) {
        for run in values.enumerated().split(whereSeparator: { !y.accepts($0.element) }) {
            let points = run.map { (x: x(Double($0.offset)), y: y($0.element)) }
            if points.count > 1 {
                svg.polyline(points, style: style, tooltip: tooltip)
            } else if let point = points.first {
                svg.circle(x: point.x, y: point.y, radius: 2, style: "dot c1", tooltip: tooltip)
            }
        }
    }
}
