internal import LeRobot
internal import PolicyProtocol

/// The keys of a robot's messages to `faster data record`.
enum StreamKey {
    /// True with the last frame of an episode, or in a message without a frame: the episode is saved.
    static let episodeEnd = "episode_end"

    /// True to drop the episode so far.
    static let episodeDiscard = "episode_discard"

    /// A whole number; another one than before saves the episode so far, and begins one with this frame.
    static let episodeIndex = "episode_index"

    /// Index of a frame in its episode.
    static let frameIndex = "frame_index"

    /// True if the message completed an episode, which is on the disk.
    static let saved = "saved"

    /// Index of the episode that the message completed.
    static let savedEpisode = "saved_episode"

    /// Number of saved episodes.
    static let episodes = "episodes"

    /// Frames a second that arrived in the completed episode.
    static let measuredRate = "measured_fps"

    /// The instruction under LeRobot's name.
    static let task = "task"

    /// Names of the action's columns.
    static let actionNames = "action_names"

    /// Names of the state's columns.
    static let stateNames = "state_names"

    /// Keys that are no features: the protocol's own, and columns that the dataset numbers itself.
    static let others: Set = [
        episodeEnd, episodeDiscard, episodeIndex, frameIndex, task, actionNames, stateNames,
        WireKey.instruction, WireKey.deadline, WireKey.seed, WireKey.requestID, WireKey.observationTime,
        WireKey.committedActions, "timestamp", "index", "task_index",
    ]

    /// The name of a numeric feature under a robot's key; nil for a key that names none.
    static func numericFeature(_ key: String) -> String? {
        let parts = parts(of: key)
        switch parts.joined(separator: ".") {
        case "action", "actions": return "action"
        case "state", DatasetInfo.state: return DatasetInfo.state
        case let name: return checked(name)
        }
    }

    /// The name of a camera's feature under a robot's key; nil for a key that names none.
    ///
    /// `observation/images/front`, `images/front`, `observation/front` and `front` are `observation.images.front`.
    static func cameraFeature(_ key: String) -> String? {
        var parts = parts(of: key)[...]
        for prefix in ["observation", "images"] where parts.count > 1 && parts.first == prefix {
            parts.removeFirst()
        }
        return checked(parts.joined(separator: ".")).map { "observation.images.\($0)" }
    }

    private static func parts(of key: String) -> [String] {
        key.split { $0 == "/" || $0 == "." }.map(String.init)
    }

    /// The name if it can be one of a column and of a folder.
    private static func checked(_ name: String) -> String? {
        let isOdd = name.unicodeScalars.contains { $0.properties.generalCategory == .control }
        return name.isEmpty || name.utf8.count > 100 || isOdd ? nil : name
    }
}
