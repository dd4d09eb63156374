/// A drawing with two axes, ready for marks.
struct Plot {
    /// The drawing.
    var svg: SVG
    /// The horizontal axis.
    let x: Scale
    /// The vertical axis.
    let y: Scale
    /// Edges of the area that marks may cover.
    let area: Area

    /// A rectangle by its edges, in drawing units.
    struct Area {
        var left = 46.0
        var top = 26.0
        var right = 348.0
        var bottom = 196.0

        /// Width of the whole drawing around the area.
        var outerWidth: Double { right + 12 }
        /// Height of the whole drawing around the area.
        var outerHeight: Double { bottom + 38 }
    }

    /// An empty plot: grid lines, tick texts, and the names of the axes at their far ends.
    init(_ description: String, xLabel: String, yLabel: String, area: Area, x: Scale, y: Scale) {
        svg = SVG(width: area.outerWidth, height: area.outerHeight, description: description)
        self.x = x
        self.y = y
        self.area = area
        for tick in y.ticks {
            svg.line(area.left, y(tick), area.right, y(tick), style: "grid")
            svg.text(y.label(tick), x: area.left - 7, y: y(tick) + 3.5, anchor: .end, style: "tick")
        }
        svg.line(area.left, area.bottom, area.right, area.bottom, style: "axis")
        for tick in x.ticks {
            svg.line(x(tick), area.bottom, x(tick), area.bottom + 4, style: "axis")
            svg.text(x.label(tick), x: x(tick), y: area.bottom + 16, anchor: .middle, style: "tick")
        }
        svg.text(yLabel.shortened(to: 48), x: 2, y: 12, style: "name")
        svg.text(xLabel.shortened(to: 48), x: area.right, y: area.bottom + 33, anchor: .end, style: "name")
    }
}
