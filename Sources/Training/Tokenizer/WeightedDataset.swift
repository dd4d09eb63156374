internal import LeRobot

/// Some episodes of a dataset, with the dataset's weight in a mixture.
public struct WeightedDataset: Sendable {
    /// The dataset.
    public let demonstrations: Demonstrations

    /// Episodes to use; nil for all.
    public let episodes: [Int]?

    /// Sampling weight beside other datasets.
    public let weight: Double

    /// Name of the robot, which datasets of one robot share; nil for a robot of its own.
    public let robot: String?

    /// Chooses `episodes` of `demonstrations`.
    public init(
        _ demonstrations: Demonstrations,
        episodes: [Int]? = nil,
        weight: Double = 1,
        robot: String? = nil
    ) {
        self.demonstrations = demonstrations
        self.episodes = episodes
        self.weight = weight
        self.robot = robot
    }

    /// The episodes to use.
    public var selectedEpisodes: [Int] { episodes ?? Array(0 ..< demonstrations.dataset.episodes.count) }

    /// Episodes of a validation: the last of every `interval` selected ones; none where there are fewer, or `interval` is 0.
    func heldOut(everyNth interval: Int) -> [Int] {
        guard interval > 0 else { return [] }
        let selected = selectedEpisodes
        return stride(from: interval - 1, to: selected.count, by: interval).map { selected[$0] }
    }

    /// The episodes to train on beside `heldOut` ones; nil for all.
    func trained(without heldOut: [Int]) -> [Int]? {
        guard !heldOut.isEmpty else { return episodes }
        let others = Set(heldOut)
        return selectedEpisodes.filter { !others.contains($0) }
    }
}
