/// What one stage of a policy's answers took in an episode.
public struct StageTimes: Codable, Equatable, Sendable {
    /// The stage, for example `prefix`, or `block 2`.
    public let name: String

    /// Its times, milliseconds; one an answer that went through the stage.
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

/// What one stage of a policy's answers takes.
public struct StageSummary: Codable, Equatable, Sendable {
    /// The stage.
    public let name: String

    /// Answers that went through it.
    public let answers: Int

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
                StageSummary(name: name, answers: measured.count, times: $0)
            }
        }
    }

    private enum CodingKeys: String, CodingKey {
        case name, answers
        case times = "ms"
    }
}
