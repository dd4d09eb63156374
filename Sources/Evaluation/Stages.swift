/// Times of a stage of a policy's predictions in an episode.
public struct StageTimes: Codable, Equatable, Sendable {
    /// The stage, for example `prefix`, or `block 2`.
    public let name: String

    /// Its times, milliseconds; one for every prediction that has the stage.
    public let milliseconds: [Double]

    /// The times of a stage.
    public init(name: String, milliseconds: [Double]) {
        self.name = name
        self.milliseconds = milliseconds
    }

    private enum CodingKeys: String, CodingKey {
        case name
        case milliseconds = "ms"
    }
}

/// Percentiles of a stage's times.
public struct StageSummary: Codable, Equatable, Sendable {
    /// The stage.
    public let name: String

    /// Number of predictions that have it.
    public let predictions: Int

    /// Its times, milliseconds.
    public let times: Percentiles

    /// Every stage in `episodes`, in the order in which they first come.
    static func all(of episodes: [EpisodeResult]) -> [StageSummary] {
        var names: [String] = []
        var times: [String: [Double]] = [:]
        for stage in episodes.flatMap({ $0.stages ?? [] }) {
            if times[stage.name] == nil { names.append(stage.name) }
            times[stage.name, default: []] += stage.milliseconds
        }
        return names.compactMap { name in
            let measured = times[name] ?? []
            return Percentiles(of: measured).map {
                StageSummary(name: name, predictions: measured.count, times: $0)
            }
        }
    }

    private enum CodingKeys: String, CodingKey {
        case name, predictions
        case times = "ms"
    }
}
