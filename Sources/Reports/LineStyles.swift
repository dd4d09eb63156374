/// The colours of a comparison's lines: a variant has the colour of its base, dashed.
struct LineStyles {
    private let styles: [String: String]

    /// Colours in the order of the lines.
    init(_ lines: [ComparisonReport.Line]) {
        var styles: [String: String] = [:]
        for line in lines where line.base == nil && styles[line.name] == nil {
            styles[line.name] = Legend.style(styles.count)
        }
        for line in lines where styles[line.name] == nil {
            let base = line.base.flatMap { styles[$0] } ?? Legend.style(styles.count)
            styles[line.name] = base.contains("dashed") ? base : base + " dashed"
        }
        self.styles = styles
    }

    /// The style classes of a line.
    subscript(name: String) -> String { styles[name] ?? "muted" }
}
