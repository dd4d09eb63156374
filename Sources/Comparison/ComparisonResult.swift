internal import ActionTokenizers
public import Evaluation

/// FASTerVQ compared with another tokenizer at equal or fewer bits or tokens.
public struct ComparisonResult: Codable, Equatable, Sendable {
    /// Statistic of the size of an encoded chunk that is compared.
    public enum Budget: String, Codable, CaseIterable, Sendable {
        /// Mean number of bits over chunks.
        case meanBits = "mean_bits"
        /// Largest number of bits.
        case maximumBits = "max_bits"
        /// Mean number of tokens: a policy pays by the token, whatever number of entries it is from.
        case meanTokens = "mean_tokens"

        func size(_ point: OperatingPoint) -> Double {
            switch self {
            case .meanBits: point.bitsPerChunk.mean
            case .maximumBits: point.bitsPerChunk.max
            case .meanTokens: point.tokensPerChunk.mean
            }
        }

        /// Display name.
        var name: String {
            switch self {
            case .meanBits: "mean bits"
            case .maximumBits: "maximum bits"
            case .meanTokens: "mean tokens"
            }
        }
    }

    /// A measure of reconstruction.
    public enum Measure: String, Codable, CaseIterable, Sendable {
        /// Mean absolute error; less is better.
        case l1
        /// Fraction of chunks with no error above 0.05; more is better.
        case vrr005 = "vrr_0.05"
        /// Fraction of chunks with no error above 0.1; more is better.
        case vrr01 = "vrr_0.1"

        /// Display name.
        public var name: String {
            switch self {
            case .l1: "L1"
            case .vrr005: "VRR(0.05)"
            case .vrr01: "VRR(0.1)"
            }
        }
    }

    /// Outcome for one measure.
    public enum Outcome: String, Codable, Sendable {
        /// Significantly better: the interval of the difference excludes 0.
        case better
        /// Significantly worse.
        case worse
        /// The interval of the difference contains 0.
        case undecided
    }

    /// One measure of both tokenizers.
    public struct MeasureResult: Codable, Equatable, Sendable {
        /// The measure.
        public var measure: Measure
        /// FASTerVQ's value.
        public var own: Double
        /// The other tokenizer's value.
        public var other: Double
        /// 95 % interval of the first minus the second (hierarchical bootstrap: trainings and, paired, episodes).
        public var interval: ConfidenceInterval
        /// Outcome for FASTerVQ.
        public var outcome: Outcome
    }

    /// Statistic of the size of an encoded chunk that is compared.
    public var budget: Budget
    /// FASTerVQ's curve.
    public var curve: String
    /// The largest operating point of that curve that is not larger than the other; nil if all are.
    public var operatingPoint: String?
    /// Size of a chunk at that point.
    public var size: Double?
    /// Curve and point label of the other tokenizer.
    public var other: String
    /// Its size of a chunk.
    public var otherSize: Double
    /// All measures; empty without ``operatingPoint``.
    public var measures: [MeasureResult]

    private enum CodingKeys: String, CodingKey {
        case budget, curve, size, other, measures
        case operatingPoint = "operating_point"
        case otherSize = "other_size"
    }

    /// The result in a sentence.
    public var sentence: String {
        // A tenth can decide which points are compared.
        func text(_ value: Double) -> String {
            let tenths = (value * 10).rounded() / 10
            let number = tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
            let unit = budget == .meanTokens ? "tokens" : "bits"
            return (budget == .maximumBits ? "at most " : "") + "\(number) \(unit)"
        }
        guard let operatingPoint, let size else {
            return
                "\(curve) has no operating point of \(text(otherSize))\(budget == .maximumBits ? "" : " or fewer") to compare "
                + "with \(other)."
        }
        let parts = [Outcome.better, .worse, .undecided].compactMap { outcome -> String? in
            let names = measures.filter { $0.outcome == outcome }.map(\.measure.name)
            guard !names.isEmpty else { return nil }
            return (outcome == .undecided ? "undecided" : outcome.rawValue) + " in \(names.formatted)"
        }
        return
            "\(operatingPoint) with \(text(size)), beside \(other) with \(text(otherSize)): \(parts.joined(separator: "; "))."
    }
}

extension [String] {
    /// `a`, `a and b`, `a, b and c`.
    var formatted: String {
        count < 2 ? joined() : dropLast().joined(separator: ", ") + " and " + self[count - 1]
    }
}

/// An operating point with the sums that comparison results need.
struct EvaluatedPoint: Sendable {
    let point: OperatingPoint
    let isFASTerVQ: Bool
    /// Sums of every measure by episode.
    let totals: [ComparisonResult.Measure: EpisodeTotals]
}

extension ComparisonResult {
    /// FASTerVQ's curves compared with every other operating point.
    static func all(
        _ points: [EvaluatedPoint],
        weights: [Measure: [Double]],
        _ bootstrap: EpisodeBootstrap
    ) -> [ComparisonResult] {
        let curves = points.filter(\.isFASTerVQ).map(\.point.curve).reduce(into: [String]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        let others = points.filter { !$0.isFASTerVQ }
        return Budget.allCases.flatMap { budget in
            curves.flatMap { curve in
                let own = points.filter { $0.isFASTerVQ && $0.point.curve == curve }
                return others.map {
                    compare(own, curve: curve, with: $0, budget, weights: weights, bootstrap)
                }
            }
        }
    }

    private static func compare(
        _ own: [EvaluatedPoint],
        curve: String,
        with other: EvaluatedPoint,
        _ budget: Budget,
        weights: [Measure: [Double]],
        _ bootstrap: EpisodeBootstrap
    ) -> ComparisonResult {
        let limit = budget.size(other.point)
        // Rounding errors do not count.
        let affordable = own.filter { budget.size($0.point) <= limit + 1e-6 }
        // Ties in the largest chunk go to the point with more bits on average.
        let best = affordable.max {
            (budget.size($0.point), $0.point.bitsPerChunk.mean)
                < (budget.size($1.point), $1.point.bitsPerChunk.mean)
        }
        let measures = best.map { best in
            Measure.allCases.compactMap { measure in
                compare(measure, best, other, over: weights[measure] ?? [], bootstrap)
            }
        }
        return ComparisonResult(
            budget: budget,
            curve: curve,
            operatingPoint: best?.point.name,
            size: best.map { budget.size($0.point) },
            other: other.point.name,
            otherSize: limit,
            measures: measures ?? []
        )
    }

    private static func compare(
        _ measure: Measure,
        _ own: EvaluatedPoint,
        _ other: EvaluatedPoint,
        over weights: [Double],
        _ bootstrap: EpisodeBootstrap
    ) -> MeasureResult? {
        guard let first = own.totals[measure], let second = other.totals[measure] else { return nil }
        let total = weights.reduce(0, +)
        let interval = bootstrap.interval(ofTrainings: first.seeds, minus: second.seeds, over: weights)
        let isLess = interval.high < 0
        let outcome: Outcome =
            isLess || interval.low > 0 ? (isLess == (measure == .l1) ? .better : .worse) : .undecided
        return MeasureResult(
            measure: measure,
            own: first.mean.reduce(0, +) / total,
            other: second.mean.reduce(0, +) / total,
            interval: interval,
            outcome: outcome
        )
    }
}
