internal import ActionTokenizers
internal import FASTerVQ
public import Foundation
public import LeRobot
internal import RobotTypes
internal import Synchronization
public import TokenizerRegistry
internal import Torch
public import Training

/// A dataset of a comparison: chunks of some episodes to evaluate, the other episodes to fit baselines to.
public struct ComparedDataset: Sendable {
    /// Name of the dataset's folder.
    public let name: String
    private let isHeldOut: Bool
    /// The dataset.
    public let demonstrations: Demonstrations
    /// Episodes that are left out, as not all of their numbers are finite.
    public let skipped: [(episode: Int, reason: LeRobotError)]
    private let episodes: [Int]
    /// Episodes that are not evaluated; nil, for all, when none are left.
    private let others: [Int]?

    /// Opens the dataset in `folder` and chooses its episodes.
    ///
    /// - Parameters:
    ///   - folder: A LeRobot dataset.
    ///   - text: Episodes to evaluate, for example `9::10`.
    ///   - isHeldOut: True if no tokenizer was trained on the dataset's robot or tasks; networks of other robots are adapted to it.
    ///   - mapping: Features that actions and states are made of; nil for `action` and `observation.state`.
    ///   - skipsNaN: True to leave out episodes with numbers that are not finite.
    ///   - warn: Called once for every inconsistency of the dataset that is passed over.
    /// - Throws: The errors of datasets, `DemonstrationsError` for episodes that it does not have.
    public init(
        _ folder: URL,
        episodes text: String,
        isHeldOut: Bool,
        mapping: DatasetMapping? = nil,
        skipsNaN: Bool = false,
        warn: @escaping @Sendable (DatasetWarning) -> Void = { _ in }
    ) throws {
        demonstrations = try Demonstrations(opening: folder, mapping: mapping, warn: warn)
        let selection = try EpisodeSelection(text, count: demonstrations.dataset.episodes.count)
        let rest = selection.others(of: demonstrations.dataset.episodes.count)
        let evaluated = selection.indices.sorted()
        if skipsNaN {
            let found = try demonstrations.finiteEpisodes(evaluated)
            let fitted =
                rest.isEmpty ? nil : try demonstrations.finiteEpisodes(rest)
            episodes = found.finite
            others = fitted?.finite ?? found.finite
            skipped = found.others + (fitted?.others ?? [])
        } else {
            (episodes, others, skipped) = (evaluated, rest.isEmpty ? nil : rest, [])
        }
        name = folder.standardizedFileURL.lastPathComponent
        self.isHeldOut = isHeldOut
    }

    /// The chunks that start at every frame of the evaluated episodes, measured in units of the other episodes.
    private func chunks(horizon: Int) throws -> ComparedChunks {
        let dataset = demonstrations.dataset
        let space = demonstrations.actionSpace
        return ComparedChunks(
            try demonstrations.chunks(horizon: horizon, episodes: episodes),
            episodes: episodes.enumerated().flatMap { index, episode in
                Array(repeating: index, count: dataset.episodes[episode].length)
            },
            normalization: try demonstrations.actionNormalization(
                .quantiles,
                horizon: horizon,
                episodes: others
            ),
            columns: demonstrations.actionNames,
            space: space
        )
    }

    private func adapted(_ opener: TokenizerOpener) throws -> TokenizerOpener {
        var opener = opener
        opener.actions = try demonstrations.robotActions(episodes: others)
        opener.adaptsOtherRobots = isHeldOut
        return opener
    }

    /// Makes sure that the folders among `specifications` can be opened for this dataset.
    ///
    /// - Throws: The errors of opening, with the dataset's name.
    public func check(_ specifications: [TokenizerSpecification], _ opener: TokenizerOpener) throws {
        let opener = try adapted(opener)
        for specification in specifications where specification.fitted == nil {
            do { _ = try opener.tokenizers(specification) } catch let error as PatchError {
                throw ActionTokenizerError("\(specification.name) on \(name): \(error)")
            }
        }
    }

    /// Fits and opens tokenizers for this dataset, and compares them.
    fileprivate func compare(
        _ specifications: [TokenizerSpecification],
        _ opener: TokenizerOpener,
        seed: UInt64,
        report: (_ tokenizer: String, _ work: ComparisonProgress.Work) -> Void
    ) throws -> ComparisonRun {
        let opener = try adapted(opener)
        let candidates = try specifications.map { specification in
            let name = Self.title(specification.name, specification.label)
            report(name, specification.fitted == nil ? .opening : .fitting)
            return Candidate(
                curve: specification.name,
                pointLabel: specification.label,
                tokenizers: try opener.tokenizers(specification) {
                    report(name, .fittingCodebook(done: $0, of: $1))
                },
                earlyEnd: specification.earlyEnd
            )
        }
        return try ComparisonRun(
            name: name,
            isHeldOut: isHeldOut,
            candidates: candidates,
            on: chunks(horizon: opener.horizon),
            seed: seed,
            onRun: { report(Self.title($0.curve, $0.pointLabel), .measuring) }
        )
    }

    private static func title(_ name: String, _ label: String) -> String {
        label.isEmpty ? name : "\(name) (\(label))"
    }
}

extension [ComparedDataset] {
    /// Compares tokenizers on every dataset, on several at a time; the order of execution does not change the results.
    ///
    /// - Parameters:
    ///   - specifications: The tokenizers.
    ///   - opener: Opens them, for chunks of its horizon.
    ///   - seed: Seed of the bootstrap over trainings and episodes.
    ///   - dividesCores: True to divide the processor cores, which tensor operators use, among the datasets.
    ///   - report: Called when a piece of work begins, and for every codebook that is fitted.
    /// - Returns: The comparisons in the order of the datasets.
    /// - Throws: The errors of opening, fitting and running tokenizers.
    public func compare(
        _ specifications: [TokenizerSpecification],
        _ opener: TokenizerOpener,
        seed: UInt64,
        dividesCores: Bool,
        report: @Sendable (ComparisonProgress) -> Void
    ) throws -> [ComparisonRun] {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let width = Swift.min(count, cores)
        if width > 1, dividesCores { Torch.threadCount = Swift.max(1, cores / width) }
        let total = count * specifications.reduce(0) { $0 + 1 + $1.sources.count }
        let done = Mutex(0)
        let results = Mutex([Int: Result<ComparisonRun, any Error>]())
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let dataset = self[index]
            // The beginning of a piece of work is the end of the one before.
            var isFirst = true
            let result = Result {
                try dataset.compare(specifications, opener, seed: seed) { tokenizer, work in
                    var endsWork = !isFirst
                    if case .fittingCodebook = work { endsWork = false }
                    isFirst = false
                    let count = done.withLock { count in
                        if endsWork { count += 1 }
                        return count
                    }
                    report(
                        .init(
                            dataset: dataset.name,
                            tokenizer: tokenizer,
                            work: work,
                            done: count,
                            total: total
                        )
                    )
                }
            }
            done.withLock { $0 += 1 }
            results.withLock { $0[index] = result }
        }
        let found = results.withLock { $0 }
        return try indices.compactMap { try found[$0]?.get() }
    }
}
