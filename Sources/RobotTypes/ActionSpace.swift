/// Meaning of the columns of an action: consecutive columns form named physical groups.
///
/// Groups matter because their motions differ in kind: a gripper is nearly binary, a base rests most of
/// the time, an arm moves smoothly (paper, action patchifier).
public struct ActionSpace: Codable, Equatable, Sendable, CustomStringConvertible {
    /// Neighbouring columns that move as one part of the body.
    public struct Group: Codable, Equatable, Sendable {
        /// Unique within the space, for example `position` or `left_arm_position`.
        public var name: String

        /// Physical quantity of the columns.
        public var kind: Kind

        /// First column.
        public var start: Int

        /// Number of columns.
        public var count: Int

        /// The columns of an action row that belong to the group.
        public var columns: Range<Int> { start ..< start + count }

        /// Creates a group; without `kind`, it is read off the name.
        public init(name: String, columns: Range<Int>, kind: Kind? = nil) {
            self.name = name
            self.kind = kind ?? Kind(groupName: name)
            self.start = columns.lowerBound
            self.count = columns.count
        }
    }

    /// Physical quantity that a group of columns describes.
    public enum Kind: String, Codable, CaseIterable, Sendable {
        /// Displacement or position of an end effector, metres or a fraction of them.
        case position
        /// Rotation of an end effector, radians or a fraction of them.
        case rotation
        /// Opening or effort of a gripper.
        case gripper
        /// Motion of a mobile base.
        case base
        /// Posture of a torso or head.
        case torso
        /// Joint angles or velocities of an arm, a leg or a hand's fingers.
        case joints
        /// Nothing known.
        case other
    }

    /// The groups, in the order of their columns.
    public let groups: [Group]

    /// Columns of an action.
    public var dimension: Int { groups.reduce(0) { $0 + $1.count } }

    /// Most columns of an action; more are taken for damage.
    public static let largestDimension = 1 << 16

    /// Creates a space from groups that cover the columns without gap or overlap.
    ///
    /// - Throws: ``ActionSpaceError`` when they do not, when a name occurs twice, or when there are more columns than
    ///   ``largestDimension``.
    public init(groups: [Group]) throws(ActionSpaceError) {
        let sorted = groups.sorted { $0.start < $1.start }
        var next = 0
        for group in sorted {
            guard group.count > 0 else { throw .emptyGroup(group.name) }
            guard group.start == next else {
                throw .notContiguous(group: group.name, expected: next, found: group.start)
            }
            guard group.count <= Self.largestDimension - next else {
                throw .tooWide(group: group.name, room: Self.largestDimension - next, found: group.count)
            }
            next += group.count
        }
        guard !sorted.isEmpty else { throw .noGroups }
        let names = sorted.map(\.name)
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw .duplicate(name)
        }
        self.groups = sorted
    }
}

extension ActionSpace {
    /// Reads a space.
    ///
    /// - Throws: `DecodingError` when a field is missing, or when the groups make no space.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let groups = try values.decode([Group].self, forKey: .groups)
        do throws(ActionSpaceError) {
            try self.init(groups: groups)
        } catch {
            throw DecodingError.dataCorruptedError(
                forKey: .groups,
                in: values,
                debugDescription: error.description
            )
        }
    }
}

/// Groups that do not make an action space.
public enum ActionSpaceError: Error, Equatable, CustomStringConvertible {
    /// There is no group at all.
    case noGroups
    /// A group has no columns.
    case emptyGroup(String)
    /// A gap or an overlap before a group.
    case notContiguous(group: String, expected: Int, found: Int)
    /// A group with more columns than there is room for.
    case tooWide(group: String, room: Int, found: Int)
    /// Two groups of one name.
    case duplicate(String)
    /// A piece of `name=first:last` text that cannot be read.
    case unreadable(String)

    /// The error in a sentence.
    public var description: String {
        switch self {
        case .noGroups: "an action space needs at least one group, for example position=0:3,gripper=3"
        case .emptyGroup(let name): "action group '\(name)' has no columns"
        case .notContiguous(let group, let expected, let found):
            "action group '\(group)' should start at column \(expected) but starts at \(found): "
                + "groups must cover the columns without gap or overlap"
        case .tooWide(let group, let room, let found):
            "action group '\(group)' has \(found) columns, expected at most \(room)"
        case .duplicate(let name): "action group '\(name)' is named twice"
        case .unreadable(let text):
            "cannot read action group '\(text)': expected name=column or name=first:end, for example position=0:3"
        }
    }
}
