/// The names under which an observation travels.
///
/// A feature of the dataset keeps its name, with slashes for dots: `observation.images.corner2` is sent
/// as `observation/images/corner2`. Source: openpi's LIBERO and DROID clients.
public enum WireKey {
    /// The robot's state vector.
    public static let state = "observation/state"

    /// The task in plain words.
    public static let instruction = "prompt"

    /// Milliseconds until the answer is needed; may be missing.
    public static let deadline = "deadline_ms"

    /// Whole number that determines what is left to chance; may be missing.
    public static let seed = "seed"

    /// Actions that the robot executes until the answer is there, float32 `[steps, dimension]`; may be missing.
    public static let committedActions = "committed_actions"

    /// The answered motion, float32 `[horizon, dimension]`.
    public static let actions = "actions"

    /// Milliseconds that the policy and its stages took.
    public static let policyTiming = "policy_timing"

    /// Milliseconds that the server took.
    public static let serverTiming = "server_timing"

    /// The key of a feature of the dataset.
    public static func feature(_ name: String) -> String {
        name.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "/")
    }
}
