internal import ActionTokenizers
public import Evaluation

/// Whether FASTerVQ is better than another tokenizer where it spends no more bits.
public struct Verdict: Codable, Equatable, Sendable {
    /// Which bits may be no more.
    public enum Budget: String, Codable, CaseIterable, Sendable {
        /// Those of an average chunk.
        case mean
        /// Those of the chunk with most.
        case maximum = "max"

        func bits(_ rate: RateResult) -> Double {
            switch self {
            case .mean: rate.bitsPerChunk.mean
            case .maximum: rate.bitsPerChunk.max
            }
        }
    }

    /// What is compared.
    public enum Measure: String, Codable, CaseIterable, Sendable {
        /// Mean absolute error; less is better.
        case l1
        /// Share of chunks with no error above 0.05; more is better.
        case vrr005 = "vrr_0.05"
        /// Share of chunks with no error above 0.1; more is better.
        case vrr01 = "vrr_0.1"

        /// As people write it.
        public var name: String {
            switch self {
            case .l1: "L1"
            case .vrr005: "VRR(0.05)"
            case .vrr01: "VRR(0.1)"
            }
        }
    }

    /// How a measure comes out.
    public enum Outcome: String, Codable, Sendable {
        /// Better, and not by chance: the interval of the difference holds no 0.
        case better
        /// Worse, and not by chance.
        case worse
        /// The interval of the difference holds 0.
        case undecided
    }

    /// One measure of both.
    public struct Comparison: Codable, Equatable, Sendable {
        /// What is compared.
        public var measure: Measure
        /// FASTerVQ's.
        public var own: Double
        /// The other's.
        public var other: Double
        /// 95 % interval of the first less the second, over the same episodes drawn again.
        public var interval: ConfidenceInterval
        /// How it comes out.
        public var outcome: Outcome
    }

    /// Which bits may be no more than the other's.
    public var budget: Budget
    /// The line of FASTerVQ.
    public var line: String
    /// The rate of that line with the most bits among those that spend no more than the other; nil where all spend more.
    public var rate: String?
    /// Bits a chunk at that rate.
    public var bits: Double?
    /// The other tokenizer, line and label.
    public var other: String
    /// Its bits a chunk.
    public var otherBits: Double
    /// All measures; empty where there is no rate.
    public var comparisons: [Comparison]

    private enum CodingKeys: String, CodingKey {
        case budget, line, rate, bits, other, comparisons
        case otherBits = "other_bits"
    }

    /// The verdict in a sentence.
    public var sentence: String {
        // A tenth of a bit can decide which rates are compared.
        func bits(_ value: Double) -> String {
            let tenths = (value * 10).rounded() / 10
            let number = tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
            return (budget == .maximum ? "at most " : "") + number + " bits"
        }
        guard let rate, let own = self.bits else {
            return
                "\(line) has no rate of \(bits(otherBits))\(budget == .mean ? " or fewer" : "") to compare with "
                + "\(other)."
        }
        let parts = [Outcome.better, .worse, .undecided].compactMap { outcome -> String? in
            let names = comparisons.filter { $0.outcome == outcome }.map(\.measure.name)
            guard !names.isEmpty else { return nil }
            return (outcome == .undecided ? "not told apart" : outcome.rawValue) + " in \(names.formatted)"
        }
        return
            "\(rate) with \(bits(own)), beside \(other) with \(bits(otherBits)): \(parts.joined(separator: "; "))."
    }
}

extension [String] {
    /// `a`, `a and b`, `a, b and c`.
    var formatted: String {
        count < 2 ? joined() : dropLast().joined(separator: ", ") + " and " + self[count - 1]
    }
}

/// One rate, with all that verdicts need.
struct JudgedRate: Sendable {
    let result: RateResult
    let isOwn: Bool
    /// Sums an episode of every measure.
    let totals: [Verdict.Measure: EpisodeTotals]
}

extension Verdict {
    /// FASTerVQ's lines against every other rate.
    static func all(
        _ rates: [JudgedRate],
        weights: [Measure: [Double]],
        _ bootstrap: EpisodeBootstrap
    ) -> [Verdict] {
        let lines = rates.filter(\.isOwn).map(\.result.line).reduce(into: [String]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        let others = rates.filter { !$0.isOwn }
        return Budget.allCases.flatMap { budget in
            lines.flatMap { line in
                let own = rates.filter { $0.isOwn && $0.result.line == line }
                return others.map { judge(own, line: line, against: $0, budget, weights: weights, bootstrap) }
            }
        }
    }

    private static func judge(
        _ own: [JudgedRate],
        line: String,
        against other: JudgedRate,
        _ budget: Budget,
        weights: [Measure: [Double]],
        _ bootstrap: EpisodeBootstrap
    ) -> Verdict {
        let limit = budget.bits(other.result)
        // A rounding's width is no bit.
        let affordable = own.filter { budget.bits($0.result) <= limit + 1e-6 }
        let best = affordable.max { budget.bits($0.result) < budget.bits($1.result) }
        let comparisons = best.map { best in
            Measure.allCases.compactMap { measure in
                compare(measure, best, other, over: weights[measure] ?? [], bootstrap)
            }
        }
        return Verdict(
            budget: budget,
            line: line,
            rate: best?.result.name,
            bits: best.map { budget.bits($0.result) },
            other: other.result.name,
            otherBits: limit,
            comparisons: comparisons ?? []
        )
    }

    private static func compare(
        _ measure: Measure,
        _ own: JudgedRate,
        _ other: JudgedRate,
        over weights: [Double],
        _ bootstrap: EpisodeBootstrap
    ) -> Comparison? {
        guard let first = own.totals[measure]?.mean, let second = other.totals[measure]?.mean else {
            return nil
        }
        let total = weights.reduce(0, +)
        let interval = bootstrap.interval(of: zip(first, second).map { $0 - $1 }, over: weights)
        let isLess = interval.high < 0
        let outcome: Outcome =
            isLess || interval.low > 0 ? (isLess == (measure == .l1) ? .better : .worse) : .undecided
        return Comparison(
            measure: measure,
            own: first.reduce(0, +) / total,
            other: second.reduce(0, +) / total,
            interval: interval,
            outcome: outcome
        )
    }
}
