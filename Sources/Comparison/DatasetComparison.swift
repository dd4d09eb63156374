internal import ActionTokenizers
internal import Evaluation
internal import RobotTypes

/// Tokenizers compared on one dataset: its part of `compare.json`.
public struct DatasetComparison: Codable, Equatable, Sendable {
    /// Name of the dataset.
    public var name: String
    /// Whether no tokenizer was trained on its robot or tasks.
    public var isHeldOut: Bool
    /// Episodes evaluated.
    public var episodes: Int
    /// Chunks evaluated.
    public var chunks: Int
    /// Control steps of a chunk.
    public var horizon: Int
    /// Names of the action's columns.
    public var columns: [String]
    /// The group of every column.
    public var groups: [String]
    /// Every rate of every tokenizer; those of one line follow each other by rising bits.
    public var rates: [RateResult]
    /// FASTerVQ against everything else.
    public var verdicts: [Verdict]

    private enum CodingKeys: String, CodingKey {
        case name, episodes, chunks, horizon, columns, groups, rates, verdicts
        case isHeldOut = "held_out"
    }
}

/// The work of a comparison on one dataset.
public struct ComparisonRun: Sendable {
    /// Numbers.
    public private(set) var result: DatasetComparison

    /// Chunks that are worth a look, before and after.
    public let examples: [ComparisonExample]

    private let entrants: [Entrant]
    /// The name of every entrant's whole rate.
    private let wholeNames: [String]
    private let compared: ComparedChunks

    /// Tries every entrant on all chunks.
    ///
    /// - Parameters:
    ///   - name: Name of the dataset.
    ///   - isHeldOut: Whether no entrant was trained on its robot or tasks.
    ///   - entrants: The tokenizers.
    ///   - compared: The chunks.
    ///   - seed: Determines which episodes are drawn again.
    ///   - onTrial: Called after every tokenizer.
    /// - Throws: What a tokenizer throws, and `ActionTokenizerError` where one has another shape than the chunks or
    ///   seeds of an entrant differ in their codebooks.
    public init(
        name: String,
        isHeldOut: Bool,
        entrants: [Entrant],
        on compared: ComparedChunks,
        seed: UInt64,
        onTrial: (Entrant) -> Void = { _ in }
    ) throws {
        (self.entrants, self.compared) = (entrants, compared)
        var wholeNames: [String] = []
        let judge = Judge(compared, seed: seed)
        var judged: [JudgedRate] = []
        var shown: [(name: String, line: String, trial: Trial, isOwn: Bool)] = []
        for entrant in entrants {
            let tried = try entrant.tokenizers.map { tokenizer in
                defer { onTrial(entrant) }
                return try TriedRate.all(of: tokenizer, entrant, on: compared)
            }
            guard Set(tried.map(\.count)).count == 1 else {
                throw ActionTokenizerError(
                    "\(entrant.line): its tokenizers differ in their codebooks, so they are not seeds of one training"
                )
            }
            for index in tried[0].indices {
                let seeds = tried.map { $0[index] }
                judged.append(judge.rate(seeds, entrant))
                guard seeds[0].isWhole, let result = judged.last?.result else { continue }
                shown.append((result.name, result.line, seeds[0].trial, entrant.isOwn))
                wholeNames.append(result.name)
            }
        }
        self.wholeNames = wholeNames
        examples = ComparisonExample.choose(shown, on: compared)
        let rates = Self.ordered(judged)
        result = DatasetComparison(
            name: name,
            isHeldOut: isHeldOut,
            episodes: compared.episodeCount,
            chunks: compared.chunks.count,
            horizon: compared.chunks.horizon,
            columns: compared.columns,
            groups: compared.space.groups.flatMap { Array(repeating: $0.name, count: $0.count) },
            rates: rates.map(\.result),
            verdicts: Verdict.all(rates, weights: judge.weights, judge.bootstrap)
        )
    }

    /// Lines in the order of their first rates; a line's rates by rising bits.
    private static func ordered(_ rates: [JudgedRate]) -> [JudgedRate] {
        var lines: [String] = []
        for rate in rates where !lines.contains(rate.result.line) { lines.append(rate.result.line) }
        return lines.flatMap { line in
            rates.filter { $0.result.line == line }
                // Rounded, because equal sizes are summed in different orders.
                .sorted {
                    ($0.result.bitsPerChunk.mean * 1e6).rounded()
                        < ($1.result.bitsPerChunk.mean * 1e6).rounded()
                }
        }
    }

    /// Measures how long every whole tokenizer takes for one chunk; best while nothing else runs.
    ///
    /// - Throws: What a tokenizer throws.
    public mutating func measureTimes(calls: Int = 200) throws {
        let chunks = compared.chunks
        for (entrant, name) in zip(entrants, wholeNames) {
            let tokenizer = entrant.tokenizers[0]
            let times = try TokenizerEvaluation.times(
                of: tokenizer,
                on: tokenizer.normalized(chunks),
                calls: calls
            )
            guard let index = result.rates.firstIndex(where: { $0.name == name }) else { continue }
            result.rates[index].encodeMicroseconds = times.encode
            result.rates[index].decodeMicroseconds = times.decode
        }
    }
}

/// What all rates are measured with.
private struct Judge {
    let weights: [Verdict.Measure: [Double]]
    let bootstrap: EpisodeBootstrap
    private let compared: ComparedChunks
    private let scalars: [Double]
    private let scalarsPerEpisode: [Double]
    private let chunksPerEpisode: [Double]

    init(_ compared: ComparedChunks, seed: UInt64) {
        self.compared = compared
        let (chunks, episodes, count) = (compared.chunks, compared.episodes, compared.episodeCount)
        scalars = chunks.validSteps.map { Double($0 * chunks.dimension) }
        scalarsPerEpisode = EpisodeTotals([scalars], episodes: episodes, count: count).mean
        chunksPerEpisode =
            EpisodeTotals([scalars.map { _ in 1 }], episodes: episodes, count: count).mean
        weights = [.l1: scalarsPerEpisode, .vrr005: chunksPerEpisode, .vrr01: chunksPerEpisode]
        bootstrap = EpisodeBootstrap(episodes: count, seed: seed)
    }

    func rate(_ seeds: [TriedRate], _ entrant: Entrant) -> JudgedRate {
        let trials = seeds.map(\.trial)
        let l1 = perScalar(trials.map(\.errors.chunkL1))
        let mse = perScalar(trials.map(\.errors.chunkMSE))
        func within(_ errors: (Trial) -> [Double]) -> [String: EpisodeTotals] {
            TokenizerEvaluation.tolerances.reduce(into: [:]) { result, tolerance in
                let limit = Double(tolerance) ?? 0
                let hits = trials.map { errors($0).map { $0 <= limit ? 1.0 : 0 } }
                result[tolerance] = EpisodeTotals(
                    hits,
                    episodes: compared.episodes,
                    count: compared.episodeCount
                )
            }
        }
        let (peaks, steps) = (within(\.errors.peaks), within(\.errors.stepPeaks))
        func estimates(_ totals: [String: EpisodeTotals]) -> [String: Estimate] {
            totals.mapValues { $0.estimate(over: chunksPerEpisode, bootstrap) }
        }
        let result = RateResult(
            line: seeds[0].line,
            label: seeds[0].label,
            tokenizer: entrant.tokenizers[0].name,
            isWhole: seeds[0].isWhole,
            seeds: seeds.count,
            tokensPerChunk: range(trials.map(\.lengths)),
            bitsPerChunk: range(trials.map(\.bits)),
            l1: l1.estimate(over: scalarsPerEpisode, bootstrap),
            mse: mse.estimate(over: scalarsPerEpisode, bootstrap),
            vrr: .init(maxAbsolute: estimates(peaks), l2: estimates(steps)),
            columnErrors: compared.columns.indices.map { column in
                trials.map { $0.columnErrors[column] }.mean ?? 0
            },
            codebooks: trials[0].codebooks,
            tail: ErrorTail(trials[0].errors)
        )
        var totals = [Verdict.Measure.l1: l1]
        (totals[.vrr005], totals[.vrr01]) = (peaks["0.05"], peaks["0.1"])
        return JudgedRate(result: result, isOwn: entrant.isOwn, totals: totals)
    }

    /// Sums an episode of means a chunk, over the scalars of the chunk.
    private func perScalar(_ means: [[Double]]) -> EpisodeTotals {
        let sums = means.map { zip($0, scalars).map { $0 * $1 } }
        return EpisodeTotals(sums, episodes: compared.episodes, count: compared.episodeCount)
    }

    private func range(_ values: [[Double]]) -> TokenizerMetrics.Range {
        let all = values.flatMap(\.self)
        let largest = all.max() ?? 0
        return TokenizerMetrics.Range(mean: min(all.mean ?? 0, largest), max: largest)
    }
}
