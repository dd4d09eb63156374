extension ComparisonReport {
    /// Whether one tokenizer is better than another where it spends no more bits.
    public struct Verdict: Sendable {
        /// How a measure comes out.
        public enum Outcome: String, Sendable {
            /// Better, and not by chance.
            case better
            /// Worse, and not by chance.
            case worse
            /// Not told apart.
            case undecided = "not told apart"
        }

        /// One measure of both.
        public struct Measure: Sendable {
            /// For example `L1`.
            public var name: String
            /// The first tokenizer's, as it shall be read.
            public var own: String
            /// The other's.
            public var other: String
            /// How it comes out for the first.
            public var outcome: Outcome

            /// A measure of both.
            public init(name: String, own: String, other: String, outcome: Outcome) {
                (self.name, self.own, self.other, self.outcome) = (name, own, other, outcome)
            }
        }

        /// Which of a chunk's bits are compared, for example `mean`.
        public var budget: String
        /// The first tokenizer at the rate compared; a dash where it has none so small.
        public var own: String
        /// Its bits a chunk.
        public var bits: Double
        /// The other tokenizer.
        public var other: String
        /// Its bits a chunk.
        public var otherBits: Double
        /// The measures; empty where there is nothing to compare.
        public var measures: [Measure]

        /// A verdict.
        public init(
            budget: String,
            own: String,
            bits: Double,
            other: String,
            otherBits: Double,
            measures: [Measure]
        ) {
            self.budget = budget
            (self.own, self.bits, self.other, self.otherBits) = (own, bits, other, otherBits)
            self.measures = measures
        }
    }

    /// The error in one column of the action, in the robot's units.
    public struct Column: Sendable {
        /// Name of the column, or of a group for its mean.
        public var name: String
        /// Whether this is a whole group.
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
        /// Which chunk this is.
        public var title: String
        /// A remark, such as the errors.
        public var note: String
        /// Names of the columns.
        public var columns: [String]
        /// What the robot did: one array a column, one value a control step.
        public var original: [[Double]]
        /// What the tokens of every tokenizer decode to; `line` gives the colour.
        public var versions: [(line: String, name: String, values: [[Double]])]

        /// A chunk and what tokenizers made of it.
        public init(
            title: String,
            note: String = "",
            columns: [String],
            original: [[Double]],
            versions: [(line: String, name: String, values: [[Double]])]
        ) {
            (self.title, self.note, self.columns) = (title, note, columns)
            (self.original, self.versions) = (original, versions)
        }
    }

    /// Episodes executed open loop after a round trip through tokenizers.
    public struct Replay: Sendable {
        /// What was done, where.
        public var title: String
        /// One row a tokenizer.
        public var rows: [Row]

        /// Success with one tokenizer.
        public struct Row: Sendable {
            /// The tokenizer, or what stands for actions as they were.
            public var name: String
            /// Success over all tasks.
            public var rate: RunReport.Rate
            /// Success less that of the actions as they were; nil for these.
            public var difference: Measured?
            /// Probability of so large a difference by chance.
            public var pValue: Double?
            /// Episodes that succeed with the actions as they were, and no more after the round trip.
            public var lost: Int
            /// Episodes that succeed only after the round trip.
            public var won: Int
            /// Share of every task's episodes that succeed.
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
