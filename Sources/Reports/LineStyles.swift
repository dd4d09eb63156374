/// The colours of a comparison's curves: a variant has the colour of its base, the first one dashed, others dotted.
struct LineStyles {
    private let styles: [String: String]

    /// Colours in the order of the lines.
    init(_ lines: [ComparisonReport.Curve]) {
        var styles: [String: String] = [:]
        for line in lines where line.base == nil && styles[line.name] == nil {
            styles[line.name] = Legend.style(styles.count)
        }
        for line in lines where styles[line.name] == nil {
            let base = line.base.flatMap { styles[$0] } ?? Legend.style(styles.count)
            let isFirst = !styles.values.contains(base + " dashed")
            styles[line.name] = base.contains("dashed") ? base : base + (isFirst ? " dashed" : " dotted")
        }
        self.styles = styles
    }

    /// Returns true for the style of a variant, which has hollow dots.
    static func isVariant(_ style: String) -> Bool { style.contains("dashed") || style.contains("dotted") }

    /// The style classes of a line.
    subscript(name: String) -> String { styles[name] ?? "muted" }
}
