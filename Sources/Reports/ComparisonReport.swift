public import Foundation
import Support

/// Tokenizers side by side on several datasets, as values; ``html()`` turns it into one page that opens anywhere, offline.
///
/// As in ``RunReport``, what has no values leaves no trace, and values that are not finite are gaps and dashes.
public struct ComparisonReport: Sendable {
    /// Title of the page.
    public var title: String
    /// One sentence under the title.
    public var subtitle = ""
    /// The few numbers a reader should leave with.
    public var keyFigures: [RunReport.KeyFigure] = []
    /// What was found on every dataset.
    public var datasets: [Dataset] = []
    /// What became of episodes that were executed after a round trip through tokenizers.
    public var replays: [Replay] = []
    /// What the comparison rests on: seed, versions, machine.
    public var facts: [(name: String, value: String)] = []
    /// Commands that give it again, one a line.
    public var commands: [String] = []

    /// A report with a title and nothing else yet.
    public init(title: String) { self.title = title }

    /// The whole page: HTML 5 with its style and charts inside, and nothing loaded from elsewhere.
    public func html() -> String { page.html }

    /// Writes the page to `url`, whole or not at all.
    ///
    /// - Throws: The system's error, with the path.
    public func write(to url: URL) throws {
        try DurableFile.write(Data(html().utf8), to: url)
    }

    private var page: Page {
        let verdicts = VerdictSection(datasets: datasets)
        return Page(
            title: title,
            subtitle: subtitle,
            keyFigures: keyFigures,
            sections: [verdicts.section]
                + datasets.enumerated().map {
                    DatasetSection(dataset: $1, anchor: "dataset-\($0 + 1)").section
                }
                + [ReplaySection(replays: replays).section]
                + [.reproduction(facts: facts, commands: commands)]
        )
    }
}

extension ComparisonReport {
    /// What was found on one dataset.
    public struct Dataset: Sendable {
        /// Name of the dataset.
        public var name: String
        /// How much was evaluated, and whether it was held out.
        public var introduction = ""
        /// Whether one tokenizer is better than another, measure by measure.
        public var verdicts: [Verdict] = []
        /// Tokenizers, each with its rates by rising bits.
        public var lines: [Line] = []
        /// Mean absolute error of every column, in the robot's units.
        public var columns: [Column] = []
        /// Chunks before and after every tokenizer.
        public var examples: [Example] = []

        /// A dataset of which nothing is known yet.
        public init(name: String) { self.name = name }
    }

    /// A number and its 95 % interval.
    public struct Measured: Sendable {
        /// The number.
        public var value: Double
        /// Lower end of the interval.
        public var low: Double
        /// Upper end of the interval.
        public var high: Double

        /// A number with its interval.
        public init(_ value: Double, low: Double = .nan, high: Double = .nan) {
            (self.value, self.low, self.high) = (value, low, high)
        }
    }

    /// Rates of one tokenizer, which a line joins.
    public struct Line: Sendable {
        /// Name of the tokenizer.
        public var name: String
        /// Name of the line that this one is a variant of: it takes its colour, dashed.
        public var base: String?
        /// The rates, by rising bits.
        public var rates: [Rate]

        /// A line through `rates`.
        public init(name: String, base: String? = nil, rates: [Rate]) {
            (self.name, self.base, self.rates) = (name, base, rates)
        }
    }

    /// A tokenizer at one rate.
    public struct Rate: Sendable {
        /// Line and label.
        public var name: String
        /// Mean and largest number of bits a chunk.
        public var bits = (mean: Double.nan, max: Double.nan)
        /// Mean and largest number of tokens a chunk.
        public var tokens = (mean: Double.nan, max: Double.nan)
        /// Mean absolute error, normalised units.
        public var l1 = Measured(.nan)
        /// Shares of chunks whose largest absolute error is within a tolerance, by rising tolerance.
        public var vrrMaxAbsolute: [(tolerance: String, share: Measured)] = []
        /// Shares of chunks whose largest Euclidean error of a step is within a tolerance, by rising tolerance.
        public var vrrL2: [(tolerance: String, share: Measured)] = []
        /// What only the tokenizer as a whole has.
        public var whole: Whole?

        /// A rate of which nothing is known yet.
        public init(name: String) { self.name = name }
    }

    /// What is shown of a tokenizer that uses all its codebooks.
    public struct Whole: Sendable {
        /// Share of entries used at all, the mean over codebooks.
        public var utilization = Double.nan
        /// Entropy over the logarithm of the number of entries, the mean over codebooks.
        public var normalizedEntropy = Double.nan
        /// Share of tokens that are the most frequent entry, the mean over codebooks.
        public var topFrequency = Double.nan
        /// Median and 99 % quantile of the time to encode a chunk, microseconds.
        public var encode = (p50: Double.nan, p99: Double.nan)
        /// Median and 99 % quantile of the time to decode a chunk, microseconds.
        public var decode = (p50: Double.nan, p99: Double.nan)
        /// Shares of chunks, and the largest error that they do not exceed.
        public var quantiles: [(share: Double, error: Double)] = []
        /// Mean largest error over the worst 1 % of chunks.
        public var worstPeak = Double.nan
        /// Mean absolute error over the worst 1 % of chunks.
        public var worstL1 = Double.nan
        /// Where the largest errors of the worst 1 % of chunks are: shares by column, the largest first.
        public var worstColumns: [(name: String, share: Double)] = []

        /// A tokenizer of which nothing is known yet.
        public init() {}
    }
}
