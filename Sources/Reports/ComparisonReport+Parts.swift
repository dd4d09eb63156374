extension ComparisonReport {
    /// Comparison of two tokenizers at equal or fewer bits.
    public struct ComparisonResult: Sendable {
        /// Outcome for one measure.
        public enum Outcome: String, Sendable {
            /// Significantly better.
            case better
            /// Significantly worse.
            case worse
            /// No significant difference.
            case undecided = "undecided"
        }

        /// One measure of both.
        public struct Measure: Sendable {
            /// For example `L1`.
            public var name: String
            /// The first tokenizer's value, formatted.
            public var own: String
            /// The other tokenizer's value, formatted.
            public var other: String
            /// Outcome for the first tokenizer.
            public var outcome: Outcome

            /// A measure of both.
            public init(name: String, own: String, other: String, outcome: Outcome) {
                (self.name, self.own, self.other, self.outcome) = (name, own, other, outcome)
            }
        }

        /// Statistic of the size of an encoded chunk that is compared, for example `mean bits`.
        public var budget: String
        /// The first tokenizer at the operating point compared.
        public var own: String
        /// Its size of a chunk.
        public var size: Double
        /// The other tokenizer.
        public var other: String
        /// Its size of a chunk.
        public var otherSize: Double
        /// The measures; empty when all operating points are larger.
        public var measures: [Measure]

        /// A comparison result.
        public init(
            budget: String,
            own: String,
            size: Double,
            other: String,
            otherSize: Double,
            measures: [Measure]
        ) {
            self.budget = budget
            (self.own, self.size, self.other, self.otherSize) = (own, size, other, otherSize)
            self.measures = measures
        }
    }

    /// The error in one column of the action, in the robot's units.
    public struct Column: Sendable {
        /// Name of the column, or of a group for its mean.
        public var name: String
        /// True for the mean of a group.
        public var isGroup: Bool
        /// Mean absolute error of every tokenizer, by its name.
        public var errors: [(name: String, error: Double)]

        /// A column with its errors.
        public init(name: String, isGroup: Bool = false, errors: [(name: String, error: Double)]) {
            (self.name, self.isGroup, self.errors) = (name, isGroup, errors)
        }
    }

    /// A chunk before and after every tokenizer.
    public struct Example: Sendable {
        /// Title of the chunk.
        public var title: String
        /// A remark, such as the errors.
        public var note: String
        /// Names of the columns.
        public var columns: [String]
        /// The original actions: one array a column, one value a control step.
        public var original: [[Double]]
        /// Reconstruction by every tokenizer; `curve` gives the colour.
        public var versions: [(curve: String, name: String, values: [[Double]])]

        /// A chunk and its reconstructions.
        public init(
            title: String,
            note: String = "",
            columns: [String],
            original: [[Double]],
            versions: [(curve: String, name: String, values: [[Double]])]
        ) {
            (self.title, self.note, self.columns) = (title, note, columns)
            (self.original, self.versions) = (original, versions)
        }
    }

    /// Episodes executed open loop after a round trip through tokenizers.
    public struct Replay: Sendable {
        /// Simulator and number of episodes.
        public var title: String
        /// One row a tokenizer.
        public var rows: [Row]

        /// Success with one tokenizer.
        public struct Row: Sendable {
            /// The tokenizer, or `raw` for the original actions.
            public var name: String
            /// Success over all tasks.
            public var rate: RunReport.Rate
            /// Success rate minus that of the original actions; nil for these.
            public var difference: Measured?
            /// Probability of so large a difference under the null hypothesis.
            public var pValue: Double?
            /// Episodes that succeed with the original actions only.
            public var lost: Int
            /// Episodes that succeed only after the round trip.
            public var won: Int
            /// Success rate by task.
            public var tasks: [String: Double]

            /// A row.
            public init(
                name: String,
                rate: RunReport.Rate,
                difference: Measured? = nil,
                pValue: Double? = nil,
                lost: Int = 0,
                won: Int = 0,
                tasks: [String: Double] = [:]
            ) {
                (self.name, self.rate, self.difference) = (name, rate, difference)
                (self.pValue, self.lost, self.won, self.tasks) = (pValue, lost, won, tasks)
            }
        }

        /// A replay.
        public init(title: String, rows: [Row]) { (self.title, self.rows) = (title, rows) }
    }
}
