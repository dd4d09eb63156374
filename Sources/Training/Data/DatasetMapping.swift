public import RobotTypes
public import Support

/// A person's description of a dataset: the features that actions and states are made of, and the names of its cameras.
///
/// Source: openpi's `RepackTransform` and `DeltaActions`.
public struct DatasetMapping: Equatable, Sendable {
    /// Meaning of an action's numbers.
    public enum Mode: String, NamedChoice {
        /// Target values.
        case absolute
        /// Changes from step to step.
        case delta
        /// Rates of change.
        case velocity
    }

    /// Columns of a source feature.
    public enum Columns: Equatable, Sendable {
        /// All of them.
        case all
        /// Positions within the feature.
        case positions([Int])
        /// Names within the feature.
        case names([String])
    }

    /// A group of an action's columns, or a part of a state.
    public struct Part: Equatable, Sendable {
        /// Unique among the parts, for example `left_arm`.
        public var name: String

        /// False where the name is that of the first feature, as the file gives none.
        public var isNamed = true

        /// Features that are joined, in order.
        public var sources: [String]

        /// Columns of the feature, where there is one.
        public var columns = Columns.all

        /// Action group type; nil reads it off the name.
        public var kind: ActionSpace.Kind?

        /// Unit of the columns, for example `rad`.
        public var units: String?

        /// Meaning of the numbers; nil reads it off the names.
        public var mode: Mode?

        /// Representation of a rotation.
        public var rotation: ActionTransform.Rotation?

        /// Part of the state that a chunk is relative to at its first step; nil for actions as recorded.
        public var relativeTo: String?

        /// Interval of angles that repeat.
        public var wrap: ActionTransform.Wrap?
    }

    /// File of the mapping, for messages.
    public var file: String

    /// Groups of the action's columns, in order.
    public var action: [Part]

    /// Parts of the state, in order; empty for `observation.state` as it is.
    public var state: [Part]

    /// Image features, in the order of the file, with the cameras' names for policies; empty for all by their own names.
    public var cameras: [Camera]

    /// A camera by the name of its feature, and by that for policies.
    public struct Camera: Equatable, Sendable {
        /// Image feature of the dataset.
        public var feature: String

        /// Name that a policy knows it by.
        public var name: String
    }
}

/// A mapping that cannot be followed.
public struct DatasetMappingError: Error, Equatable, CustomStringConvertible {
    /// File, key, expectation and finding in a sentence.
    public let description: String

    init(_ file: String, _ key: String, expected: String, found: String) {
        description = "\(file): \(key): expected \(expected), found \(found)"
    }
}
