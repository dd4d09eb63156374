extension ConfidenceInterval {
    /// Two-sided 95 % quantile of the normal distribution.
    static let normalQuantile = 1.959963984540054

    /// Wilson's interval of a success rate after `successes` of `trials`, within `0 ... 1`, which is all of it after none.
    ///
    /// Unlike the normal approximation, it stays within 0 and 1 and has a width after 20 of 20.
    /// Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927.
    public init(successes: Int, trials: Int) {
        precondition((0 ... max(0, trials)).contains(successes), "successes must lie in 0 ... trials")
        guard trials > 0 else {
            self.init(low: 0, high: 1)
            return
        }
        let count = Double(trials)
        let rate = Double(successes) / count
        let square = Self.normalQuantile * Self.normalQuantile
        let centre = (rate + square / (2 * count)) / (1 + square / count)
        let spread = rate * (1 - rate) / count + square / (4 * count * count)
        let halfWidth = Self.normalQuantile * spread.squareRoot() / (1 + square / count)
        // Rounding must not exclude the rate itself at its extremes.
        self.init(
            low: successes == 0 ? 0 : max(0, centre - halfWidth),
            high: successes == trials ? 1 : min(1, centre + halfWidth)
        )
    }
}
