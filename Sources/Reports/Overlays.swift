/// An action chunk before and after tokenizers: one small chart a column.
struct Overlays {
    /// Reconstruction of the chunk by one tokenizer: style class of its lines, and one array a column.
    typealias Version = (name: String, style: String, values: [[Double]])

    private let title: String
    private let note: String
    private let names: [String]
    private let original: [[Double]]
    private let versions: [Version]

    /// A chunk with its reconstructions `versions`, the last drawn on top.
    init(title: String, note: String = "", columns: [String], original: [[Double]], versions: [Version]) {
        (self.title, self.note, names) = (title, note, columns)
        (self.original, self.versions) = (original, versions)
    }

    /// The chunk with its one reconstruction.
    init(_ overlay: RunReport.Overlay) {
        self.init(
            title: overlay.title,
            columns: overlay.columns,
            original: overlay.original,
            versions: [("reconstructed", "c1", overlay.reconstructed)]
        )
    }

    private static let width = 150.0
    private static let height = 96.0

    /// The charts under the chunk's title.
    ///
    /// - Parameter extents: Range of every column's axis, the same for all chunks of a page.
    /// - Returns: Elements.
    func markup(_ extents: [ClosedRange<Double>]) -> String {
        let charts = (0 ..< columns).map { column in
            let extent = extents.indices.contains(column) ? extents[column] : 0 ... 1
            return """
                <figure class="small"><figcaption>\(name(column).escaped)</figcaption>\
                \(drawing(column, extent))</figure>
                """
        }
        return """
            <h3>\(title.escaped)</h3>
            \(note.isEmpty ? "" : "<p class=\"remark\">\(note.escaped)</p>")
            <div class="multiples">
            \(charts.joined(separator: "\n"))
            </div>
            """
    }

    /// Range of every column over all chunks of a page, so that errors can be compared between them.
    ///
    /// A column that hardly moves gets room, else its smallest errors would fill the chart.
    static func extents(of overlays: [Overlays]) -> [ClosedRange<Double>] {
        let columns = overlays.map(\.columns).max() ?? 0
        return (0 ..< columns).map { column in
            let values = overlays.flatMap { overlay in
                overlay.all.flatMap { $0.dropFirst(column).first ?? [] }
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
    static func legend(_ versions: [(name: String, style: String)]) -> String {
        let lines = versions.map { (name: $0.name, style: "reconstructed \($0.style)") }
        let items = ([(name: "original", style: "original")] + lines).map { name, style in
            var swatch = SVG(width: 26, height: 12, description: name)
            swatch.line(1, 6, 25, 6, style: style)
            return "<li class=\"swatch\">\(swatch.markup)\(name.escaped)</li>"
        }
        return "<ul class=\"legend\">\(items.joined())</ul>"
    }

    private var all: [[[Double]]] { [original] + versions.map(\.values) }

    private var columns: Int { all.map(\.count).max() ?? 0 }

    private func name(_ column: Int) -> String {
        column < names.count ? names[column] : "column \(column)"
    }

    private func drawing(_ column: Int, _ extent: ClosedRange<Double>) -> String {
        let steps = all.map { $0.dropFirst(column).first?.count ?? 0 }.max() ?? 0
        guard steps > 0 else { return Page.nothing }
        var svg = SVG(
            width: Self.width,
            height: Self.height,
            description: "\(title), \(name(column)): original and reconstructed"
        )
        let x = Scale([0, Double(max(steps - 1, 1))], from: 30, to: Self.width - 4, isWidened: false)
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
        if column < original.count {
            draw(original[column], x: x, y: y, style: "original", tooltip: "original", in: &svg)
        }
        for version in versions where column < version.values.count {
            let style = "reconstructed \(version.style)"
            draw(version.values[column], x: x, y: y, style: style, tooltip: version.name, in: &svg)
        }
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
                svg.circle(x: point.x, y: point.y, radius: 2, style: "dot", tooltip: tooltip)
            }
        }
    }
}
