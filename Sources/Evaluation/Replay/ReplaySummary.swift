public import Foundation

/// The results of experts' episodes after a round trip through tokenizers: `replay.json`.
public struct ReplaySummary: Codable, Equatable, Sendable {
    /// The results of one version of the actions.
    public struct Version: Codable, Equatable, Sendable {
        /// Name of a tokenizer, or `raw` for the original actions.
        public var name: String
        /// Success rate.
        public var success: Double
        /// 95 % interval of ``success``.
        public var interval: ConfidenceInterval
        /// Success rate of every task.
        public var tasks: [String: Double]
        /// Success less that of the original actions; nil for these.
        public var difference: PairedDifference?
    }

    /// Name of the baseline: the original actions.
    public static let raw = "raw"

    /// Name of the simulator.
    public let simulator: String

    /// First evaluation scene.
    public let seed: Int

    /// Names of the tasks.
    public let tasks: [String]

    /// All versions, ``raw`` first.
    public let versions: [Version]

    /// The result of every episode.
    public let episodes: [ReplayedEpisode]

    private static let file = "replay.json"

    /// Summarizes `episodes`, each with an outcome for ``raw`` and for all `names`.
    public init(
        simulator: String,
        seed: Int,
        tasks: [String],
        names: [String],
        episodes: [ReplayedEpisode]
    ) {
        self.simulator = simulator
        self.seed = seed
        self.tasks = tasks
        self.episodes = episodes
        let others = names.filter { $0 != Self.raw }
        versions = ([Self.raw] + others).map { Self.version($0, of: episodes) }
    }

    private static func version(_ name: String, of episodes: [ReplayedEpisode]) -> Version {
        func outcomes(_ name: String, _ episodes: [ReplayedEpisode]) -> [Bool] {
            episodes.map { $0.outcomes[name] ?? false }
        }
        func successRate(_ outcomes: [Bool]) -> Double {
            outcomes.isEmpty ? 0 : Double(outcomes.count { $0 }) / Double(outcomes.count)
        }
        let own = outcomes(name, episodes)
        let pairs = PairedOutcomes(outcomes(raw, episodes), own)
        return Version(
            name: name,
            success: successRate(own),
            interval: ConfidenceInterval(successes: own.count { $0 }, trials: own.count),
            tasks: Dictionary(grouping: episodes, by: \.task).mapValues { successRate(outcomes(name, $0)) },
            difference: name == raw ? nil : PairedDifference(pairs)
        )
    }

    /// The summary's file in `folder`.
    public static func url(in folder: URL) -> URL { folder.appending(path: file) }

    /// Reads the summary in `folder`.
    ///
    /// - Throws: ``ReplayError`` that names the file.
    public static func read(from folder: URL) throws(ReplayError) -> ReplaySummary {
        let url = url(in: folder)
        guard let data = try? Data(contentsOf: url) else {
            throw ReplayError(description: "\(url.path): is missing or cannot be read")
        }
        do { return try JSONDecoder().decode(ReplaySummary.self, from: data) } catch {
            throw ReplayError(description: "\(url.path): cannot be decoded: \(error)")
        }
    }
}

/// A replay that cannot be read.
public struct ReplayError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
