internal import Foundation

/// Success of two policies on the same episodes, pair by pair.
public struct PairedOutcomes: Equatable, Sendable {
    /// Number of episodes where both succeeded.
    public let both: Int

    /// Number of episodes where only the first succeeded.
    public let firstOnly: Int

    /// Number of episodes where only the second succeeded.
    public let secondOnly: Int

    /// Number of episodes where neither succeeded.
    public let neither: Int

    /// Counts pairs.
    public init(both: Int, firstOnly: Int, secondOnly: Int, neither: Int) {
        (self.both, self.firstOnly, self.secondOnly, self.neither) = (both, firstOnly, secondOnly, neither)
    }

    /// Counts the pairs of `first` and `second`, of equal length.
    public init(_ first: [Bool], _ second: [Bool]) {
        precondition(first.count == second.count, "outcomes come in pairs")
        let pairs = zip(first, second)
        both = pairs.count { $0 && $1 }
        firstOnly = pairs.count { $0 && !$1 }
        secondOnly = pairs.count { !$0 && $1 }
        neither = pairs.count { !$0 && !$1 }
    }

    private var total: Double { Double(both + firstOnly + secondOnly + neither) }

    /// Success rate of the second less that of the first; 0 of nothing.
    public var difference: Double { total == 0 ? 0 : Double(secondOnly - firstOnly) / total }

    /// 95 % interval of ``difference``; of nothing, everything is possible.
    ///
    /// Like Wilson's intervals, which it combines, it has a width where all pairs agree.
    /// Source: R. G. Newcombe, "Improved Confidence Intervals for the Difference Between Binomial Proportions Based on
    /// Paired Data", 1998, method 10.
    public var interval: ConfidenceInterval {
        guard total > 0 else { return ConfidenceInterval(low: -1, high: 1) }
        let (trials, firsts, seconds) = (Int(total), both + firstOnly, both + secondOnly)
        let first = ConfidenceInterval(successes: firsts, trials: trials)
        let second = ConfidenceInterval(successes: seconds, trials: trials)
        let (rate, other) = (Double(seconds) / total, Double(firsts) / total)
        func distance(_ own: Double, _ opposite: Double) -> Double {
            max(0, own * own - 2 * correlation * own * opposite + opposite * opposite).squareRoot()
        }
        return ConfidenceInterval(
            low: max(-1, difference - distance(rate - second.low, first.high - other)),
            high: min(1, difference + distance(second.high - rate, other - first.low))
        )
    }

    /// Correlation of the outcomes, corrected for continuity where it is positive; 0 where one never varies.
    private var correlation: Double {
        let (a, b) = (Double(both), Double(firstOnly))
        let (c, d) = (Double(secondOnly), Double(neither))
        let margins = (a + b) * (c + d) * (a + c) * (b + d)
        guard margins > 0 else { return 0 }
        let product = a * d - b * c
        let corrected = product > 0 ? max(0, product - total / 2) : product
        return corrected / margins.squareRoot()
    }

    /// Probability of as unequal a split of the episodes where only one succeeded by chance.
    ///
    /// Source: Q. McNemar, "Note on the Sampling Error of the Difference Between Correlated Proportions", 1947; exact,
    /// by the binomial distribution, two-sided.
    public var pValue: Double {
        let (smaller, all) = (min(firstOnly, secondOnly), firstOnly + secondOnly)
        guard all > 0 else { return 1 }
        // In logarithms, because the terms leave the range of numbers for thousands of episodes.
        let whole = lgamma(Double(all) + 1) - Double(all) * log(2)
        let terms = (0 ... smaller).map { count -> Double in
            let ways = lgamma(Double(count) + 1) + lgamma(Double(all - count) + 1)
            return exp(whole - ways)
        }
        return min(1, 2 * terms.reduce(0, +))
    }
}
