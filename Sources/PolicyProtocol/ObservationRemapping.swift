internal import RobotTypes

/// A mapping from a robot's observation keys to a policy's (openpi's repack transform).
///
/// openpi leaves the keys to every robot: its LIBERO example sends `observation/image`, and its DROID example sends
/// joints and gripper apart.
public struct ObservationRemapping: Equatable, Sendable {
    /// The robot's and the policy's key of one value.
    public struct Key: Equatable, Sendable {
        /// The robot's key.
        public var robot: String

        /// The policy's key.
        public var policy: String

        /// Creates a pair of keys.
        public init(robot: String, policy: String) {
            self.robot = robot
            self.policy = policy
        }
    }

    /// Keys that differ.
    public var keys: [Key]

    /// The robot's keys whose numbers are concatenated to the state; empty where it is sent whole.
    public var stateKeys: [String]

    /// The instruction of requests that have none.
    public var instruction: String?

    /// A mapping that leaves other keys as they are.
    public init(keys: [Key] = [], stateKeys: [String] = [], instruction: String? = nil) {
        self.keys = keys
        self.stateKeys = stateKeys
        self.instruction = instruction
    }

    /// Validates that the policy has every policy key, and that none is mapped twice.
    func check(_ contract: PolicyContract) throws(ObservationRemappingError) {
        let known = contract.observationKeys
        for (index, key) in keys.enumerated() {
            guard known.contains(key.policy) else {
                throw ObservationRemappingError(
                    description:
                        "cannot rename '\(key.robot)': the policy has no '\(key.policy)', only "
                        + known.joined(separator: ", ")
                )
            }
            if let other = keys[..<index].first(where: { $0.policy == key.policy }) {
                throw ObservationRemappingError(
                    description:
                        "'\(key.policy)' cannot be both '\(other.robot)' and '\(key.robot)'"
                )
            }
        }
        guard let part = stateKeys.first else { return }
        guard contract.stateDimension > 0 else {
            throw ObservationRemappingError(
                description: "'\(part)' cannot be a part of the state: the policy has none"
            )
        }
        if let other = keys.first(where: { $0.policy == WireKey.state }) {
            throw ObservationRemappingError(
                description:
                    "the state cannot be both '\(other.robot)' and \(stateKeys.joined(separator: ", "))"
            )
        }
    }
}

/// A mapping that does not fit a policy's observation.
public struct ObservationRemappingError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
