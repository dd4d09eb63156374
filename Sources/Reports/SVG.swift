import Foundation

/// A drawing under construction: shapes with style classes, so that the page's style sheet colours them.
struct SVG {
    /// Part of a text that lies at its point (SVG's `text-anchor`).
    enum Anchor: String {
        case start, middle, end
    }

    private let width: Double
    private let height: Double
    private let description: String
    private var shapes: [String] = []

    /// An empty drawing; `description` is for screen readers.
    init(width: Double, height: Double, description: String) {
        self.width = width
        self.height = height
        self.description = description
    }

    /// The drawing as an `svg` element that scales with its container.
    var markup: String {
        """
        <svg viewBox="0 0 \(number(width)) \(number(height))" role="img" aria-label="\(description.escaped)">
        \(shapes.joined(separator: "\n"))
        </svg>
        """
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) {
        shapes.append(
            "<line class=\"\(style)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\""
                + " x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>"
        )
    }

    mutating func rectangle(
        x: Double,
        y: Double,
        width: Double,
        height: Double,
        style: String,
        tooltip: String = ""
    ) {
        shapes.append(
            "<rect class=\"\(style)\" x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(max(0, width)))\""
                + " height=\"\(number(max(0, height)))\">\(title(tooltip))</rect>"
        )
    }

    mutating func circle(x: Double, y: Double, radius: Double, style: String, tooltip: String = "") {
        shapes.append(
            "<circle class=\"\(style)\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\">"
                + "\(title(tooltip))</circle>"
        )
    }

    mutating func polyline(_ points: [(x: Double, y: Double)], style: String, tooltip: String = "") {
        let text = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
        shapes.append("<polyline class=\"\(style)\" points=\"\(text)\">\(title(tooltip))</polyline>")
    }

    mutating func polygon(_ points: [(x: Double, y: Double)], style: String, tooltip: String = "") {
        let text = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
        shapes.append("<polygon class=\"\(style)\" points=\"\(text)\">\(title(tooltip))</polygon>")
    }

    mutating func text(_ text: String, x: Double, y: Double, anchor: Anchor = .start, style: String = "label")
    {
        shapes.append(
            "<text class=\"\(style)\" x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor.rawValue)\">"
                + "\(text.escaped)</text>"
        )
    }

    private func title(_ tooltip: String) -> String {
        tooltip.isEmpty ? "" : "<title>\(tooltip.escaped)</title>"
    }

    /// A coordinate to a hundredth; one that is not finite falls to 0, so that the drawing stays valid.
    private func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let bounded = min(max(value, -1e6), 1e6)
        let rounded = (bounded * 100).rounded() / 100
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }
}
