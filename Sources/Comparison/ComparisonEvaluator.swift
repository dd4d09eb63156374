internal import ActionTokenizers
internal import Evaluation
internal import RobotTypes

/// Chunk weights and bootstrap that all operating points are evaluated with.
struct ComparisonEvaluator {
    let weights: [ComparisonResult.Measure: [Double]]
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

    func point(_ seeds: [CandidatePoint], _ candidate: Candidate) -> EvaluatedPoint {
        let runs = seeds.map(\.run)
        let l1 = perScalar(runs.map(\.errors.chunkL1))
        let mse = perScalar(runs.map(\.errors.chunkMSE))
        func within(_ errors: (CandidateRun) -> [Double]) -> [String: EpisodeTotals] {
            TokenizerEvaluation.tolerances.reduce(into: [:]) { result, tolerance in
                let limit = Double(tolerance) ?? 0
                let hits = runs.map { errors($0).map { $0 <= limit ? 1.0 : 0 } }
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
        let point = OperatingPoint(
            curve: seeds[0].curve,
            pointLabel: seeds[0].pointLabel,
            tokenizer: candidate.tokenizers[0].name,
            isFullTokenizer: seeds[0].isFullTokenizer,
            seeds: seeds.count,
            tokensPerChunk: range(runs.map(\.lengths)),
            forwardsPerChunk: range(runs.map(\.forwards)),
            bitsPerChunk: range(runs.map(\.bits)),
            l1: l1.estimate(over: scalarsPerEpisode, bootstrap),
            mse: mse.estimate(over: scalarsPerEpisode, bootstrap),
            vrr: .init(maxAbsolute: estimates(peaks), l2: estimates(steps)),
            columnErrors: compared.columns.indices.map { column in
                runs.map { $0.columnErrors[column] }.mean ?? 0
            },
            codebooks: runs[0].codebooks,
            tail: ErrorTail(runs[0].errors)
        )
        var totals = [ComparisonResult.Measure.l1: l1]
        (totals[.vrr005], totals[.vrr01]) = (peaks["0.05"], peaks["0.1"])
        return EvaluatedPoint(point: point, isFASTerVQ: candidate.isFASTerVQ, totals: totals)
    }

    /// Sums over the scalars of every episode, of means over those of a chunk.
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
