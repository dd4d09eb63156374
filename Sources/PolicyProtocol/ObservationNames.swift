internal import RobotTypes

/// How a client's observations differ in their keys from what a policy knows.
///
/// openpi leaves the keys to every robot: its LIBERO example sends `observation/image`, and its DROID example sends
/// joints and gripper apart.
public struct ObservationNames: Equatable, Sendable {
    /// Two names of one thing.
    public struct Renaming: Equatable, Sendable {
        /// The client's.
        public var theirs: String

        /// The policy's.
        public var ours: String

        /// Creates a pair of names.
        public init(theirs: String, ours: String) {
            self.theirs = theirs
            self.ours = ours
        }
    }

    /// What a client calls otherwise than the policy.
    public var renamings: [Renaming]

    /// The client's keys whose numbers, one after the other, are the state; empty where it is sent whole.
    public var stateParts: [String]

    /// The instruction of requests that have none.
    public var instruction: String?

    /// Names that differ in what is given, and else are the policy's.
    public init(renamings: [Renaming] = [], stateParts: [String] = [], instruction: String? = nil) {
        self.renamings = renamings
        self.stateParts = stateParts
        self.instruction = instruction
    }

    /// Makes sure that what the names stand for is in the policy's observations, once.
    func check(_ contract: PolicyContract) throws(ObservationNamesError) {
        let known = contract.observationKeys
        for (index, renaming) in renamings.enumerated() {
            guard known.contains(renaming.ours) else {
                throw ObservationNamesError(
                    description:
                        "cannot rename '\(renaming.theirs)': the policy knows no '\(renaming.ours)', only "
                        + known.joined(separator: ", ")
                )
            }
            if let other = renamings[..<index].first(where: { $0.ours == renaming.ours }) {
                throw ObservationNamesError(
                    description:
                        "'\(renaming.ours)' cannot be both '\(other.theirs)' and '\(renaming.theirs)'"
                )
            }
        }
        guard let part = stateParts.first else { return }
        guard contract.stateDimension > 0 else {
            throw ObservationNamesError(
                description: "'\(part)' cannot be a part of the state: the policy sees none"
            )
        }
        if let other = renamings.first(where: { $0.ours == WireKey.state }) {
            throw ObservationNamesError(
                description:
                    "the state cannot be both '\(other.theirs)' and \(stateParts.joined(separator: ", "))"
            )
        }
    }
}

/// Names that cannot be brought together with a policy's.
public struct ObservationNamesError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
