internal import PolicyProtocol

/// Metadata that `faster data record` sends to a robot when it connects.
struct StreamMetadata: Sendable {
    let version: String

    /// The instruction of frames that have none.
    let task: String?

    /// Features of the recording so far; nil before its first frame.
    var schema: FrameSchema?

    /// Number of saved episodes.
    var episodes: Int

    /// The rate, the keys that a robot may send, and the features of the recording so far.
    func wireValue(fps: Double) -> WireValue {
        [
            "protocol": "openpi",
            "server": ["name": "faster data record", "version": .string(version)],
            "fps": .double(fps),
            StreamKey.episodes: .integer(Int64(episodes)),
            "observation": schema?.wireValue ?? .null,
            "keys": [
                "action": "the action taken, a vector",
                "observation/state": "the state, a vector",
                "observation/images/NAME": "an image, uint8 [height, width, 3], or JPEG or PNG bytes",
                "NAME": "any other number or vector",
                WireKey.instruction: .string(
                    "the task as text" + (task.map { ", '\($0)' where there is none" } ?? "")
                ),
                StreamKey.episodeEnd: "True with an episode's last frame, or alone: saves the episode",
                StreamKey.episodeDiscard: "True: drops the episode so far",
                StreamKey.episodeIndex:
                    "a whole number; another one saves the episode so far and begins a new one",
                WireKey.observationTime: "the robot's clock, seconds, by which the rate is checked",
            ],
        ]
    }
}
