public import Foundation
import Support

/// Tokenizers side by side on several datasets, as values; ``html()`` turns it into one page that opens anywhere, offline.
///
/// As in ``RunReport``, sections without values are left out, and values that are not finite are gaps and dashes.
public struct ComparisonReport: Sendable {
    /// Title of the page.
    public var title: String
    /// One sentence under the title.
    public var subtitle = ""
    /// The few numbers a reader should leave with.
    public var keyFigures: [RunReport.KeyFigure] = []
    /// Results on every dataset.
    public var datasets: [Dataset] = []
    /// Open-loop executions of episodes after a round trip through tokenizers.
    public var replays: [Replay] = []
    /// Conditions of the comparison: seed, versions, machine.
    public var facts: [(name: String, value: String)] = []
    /// Commands that reproduce it, one a line.
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
        let results = ComparisonResultSection(datasets: datasets)
        return Page(
            title: title,
            subtitle: subtitle,
            keyFigures: keyFigures,
            sections: [results.section]
                + datasets.enumerated().map {
                    DatasetSection(dataset: $1, anchor: "dataset-\($0 + 1)").section
                }
                + [ReplaySection(replays: replays).section]
                + [.reproduction(facts: facts, commands: commands)]
        )
    }
}

extension ComparisonReport {
    /// Results on one dataset.
    public struct Dataset: Sendable {
        /// Name of the dataset.
        public var name: String
        /// Number of episodes and chunks evaluated, and a remark if the dataset was held out.
        public var introduction = ""
        /// Comparisons at equal or fewer bits.
        public var results: [ComparisonResult] = []
        /// Rate-distortion curves, one for each tokenizer.
        public var curves: [Curve] = []
        /// Mean absolute error of every column, in the robot's units.
        public var columns: [Column] = []
        /// Chunks before and after every tokenizer.
        public var examples: [Example] = []

        /// A dataset without results.
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

    /// Rate-distortion curve of one tokenizer.
    public struct Curve: Sendable {
        /// Name of the tokenizer.
        public var name: String
        /// Name of the curve that this one is a variant of; it is drawn in that colour, dashed.
        public var base: String?
        /// Operating points by increasing bits.
        public var points: [OperatingPoint]

        /// A curve through `points`.
        public init(name: String, base: String? = nil, points: [OperatingPoint]) {
            (self.name, self.base, self.points) = (name, base, points)
        }
    }

    /// A tokenizer at one size: a point of a rate-distortion curve.
    public struct OperatingPoint: Sendable {
        /// Name of the curve and of the point.
        public var name: String
        /// Mean and largest number of bits a chunk.
        public var bits = (mean: Double.nan, max: Double.nan)
        /// Mean and largest number of tokens a chunk.
        public var tokens = (mean: Double.nan, max: Double.nan)
        /// Mean absolute error, normalised units.
        public var l1 = Measured(.nan)
        /// Fractions of chunks whose largest absolute error is within a tolerance, by increasing tolerance.
        public var vrrMaxAbsolute: [(tolerance: String, fraction: Measured)] = []
        /// Fractions of chunks whose largest Euclidean error of a step is within a tolerance, by increasing tolerance.
        public var vrrL2: [(tolerance: String, fraction: Measured)] = []
        /// Numbers of the tokenizer with all its codebooks; nil for a prefix of them.
        public var fullTokenizer: FullTokenizer?

        /// An operating point without numbers.
        public init(name: String) { self.name = name }
    }

    /// Numbers of a tokenizer with all its codebooks.
    public struct FullTokenizer: Sendable {
        /// Fraction of codebook entries in use, the mean over codebooks.
        public var utilization = Double.nan
        /// Entropy divided by the logarithm of the number of codebook entries, the mean over codebooks.
        public var normalizedEntropy = Double.nan
        /// Fraction of tokens that are the most frequent entry, the mean over codebooks.
        public var topFrequency = Double.nan
        /// Median and 99 % quantile of the time to encode a chunk, microseconds.
        public var encode = (p50: Double.nan, p99: Double.nan)
        /// Median and 99 % quantile of the time to decode a chunk, microseconds.
        public var decode = (p50: Double.nan, p99: Double.nan)
        /// Quantiles of the largest error of a chunk.
        public var quantiles: [(fraction: Double, error: Double)] = []
        /// Mean largest error over the worst 1 % of chunks.
        public var worstPeak = Double.nan
        /// Mean absolute error over the worst 1 % of chunks.
        public var worstL1 = Double.nan
        /// Columns of the largest errors of the worst 1 % of chunks, with their fractions, the largest first.
        public var worstColumns: [(name: String, fraction: Double)] = []

        /// A tokenizer without numbers.
        public init() {}
    }
}
