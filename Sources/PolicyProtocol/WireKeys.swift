/// The keys of messages.
///
/// A feature of the dataset keeps its name, with slashes for dots: `observation.images.corner2` is sent
/// as `observation/images/corner2`. Source: openpi's LIBERO and DROID clients.
public enum WireKey {
    /// The robot's state vector.
    public static let state = "observation/state"

    /// The language instruction.
    public static let instruction = "prompt"

    /// Milliseconds until the reply is needed; optional.
    public static let deadline = "deadline_ms"

    /// Seed of the sampling, a whole number; optional.
    public static let seed = "seed"

    /// Any value that comes back with the reply; optional.
    public static let requestID = "request_id"

    /// Time at which the robot made its observation, seconds since 1970 by the server's clock; optional.
    public static let observationTime = "observation_time"

    /// The committed action prefix: actions that the robot executes until the reply arrives, float32 `[steps, dimension]`;
    /// optional.
    public static let committedActions = "committed_actions"

    /// The predicted chunk, float32 `[horizon, dimension]`.
    public static let actions = "actions"

    /// Times of the policy and its stages, milliseconds.
    public static let policyTiming = "policy_timing"

    /// Times of the server, milliseconds.
    public static let serverTiming = "server_timing"

    /// Time that a request waited for others, milliseconds.
    package static let wait = "wait_ms"

    /// Age of the observation when its reply is sent, milliseconds.
    package static let observationAge = "observation_age_ms"

    /// The key of a feature of the dataset.
    public static func feature(_ name: String) -> String {
        name.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "/")
    }
}
