/// A candidate's success in each scene; scenes have one order for all candidates.
struct SceneSuccess {
    /// Fraction of the evaluations that solved a scene.
    let rates: [Double]

    /// 1 for success, 0 for failure, in every evaluation and scene.
    private let evaluations: [[Double]]

    /// True if every scene was solved by all evaluations or by none, as of a single one: scenes are successes and failures.
    private let isDecided: Bool

    /// Counts the `outcomes` of every evaluation, in at least one scene.
    init(_ outcomes: [[Bool]]) {
        let evaluations = outcomes.map { $0.map { $0 ? 1.0 : 0 } }
        self.evaluations = evaluations
        rates = outcomes[0].indices.map { scene in
            evaluations.reduce(0) { $0 + $1[scene] } / Double(evaluations.count)
        }
        isDecided = rates.allSatisfy { $0 == 0 || $0 == 1 }
    }

    private var outcomes: [Bool] { rates.map { $0 == 1 } }

    private var ones: [Double] { [Double](repeating: 1, count: rates.count) }

    /// Resampled scenes that were solved alike are all alike and would claim certainty.
    func interval(_ bootstrap: EpisodeBootstrap) -> ConfidenceInterval {
        guard isDecided else { return bootstrap.interval(ofTrainings: evaluations, over: ones) }
        return ConfidenceInterval(successes: outcomes.count { $0 }, trials: outcomes.count)
    }

    /// Success rate less that of `first`, scene by scene.
    func gains(over first: SceneSuccess) -> [Double] { zip(rates, first.rates).map { $0 - $1 } }

    func differenceInterval(to first: SceneSuccess, _ bootstrap: EpisodeBootstrap) -> ConfidenceInterval {
        guard isDecided, first.isDecided else {
            return bootstrap.interval(ofTrainings: evaluations, minus: first.evaluations, over: ones)
        }
        return PairedDifference(PairedOutcomes(first.outcomes, outcomes)).interval
    }
}
