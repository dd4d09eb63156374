extension RunReport {
    /// A number that stands alone at the head of the page.
    public struct KeyFigure: Sendable {
        /// Name of the quantity.
        public var label: String
        /// The number with its unit, as text.
        public var value: String
        /// A remark below it, such as an interval or a sample size.
        public var note: String

        /// A number with its label.
        public init(label: String, value: String, note: String = "") {
            self.label = label
            self.value = value
            self.note = note
        }
    }

    /// One chart of lines.
    public struct Curve: Sendable {
        /// Title above the chart.
        public var title: String
        /// Label of the horizontal axis, with its unit.
        public var xLabel: String
        /// Label of the vertical axis, with its unit.
        public var yLabel: String
        /// True if the vertical axis is logarithmic; values that are not positive are then left out.
        public var logarithmic: Bool
        /// The lines.
        public var series: [Series]

        /// A chart of lines.
        public init(
            title: String,
            xLabel: String,
            yLabel: String,
            logarithmic: Bool = false,
            series: [Series] = []
        ) {
            self.title = title
            self.xLabel = xLabel
            self.yLabel = yLabel
            self.logarithmic = logarithmic
            self.series = series
        }
    }

    /// One line of a chart.
    public struct Series: Sendable {
        /// Name in the legend.
        public var name: String
        /// Points in drawing order; one that is not finite interrupts the line.
        public var points: [(x: Double, y: Double)]

        /// A named line.
        public init(name: String, points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points
        }
    }
}
