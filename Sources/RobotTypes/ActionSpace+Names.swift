extension ActionSpace {
    /// Reads `position=0:3,rotation=3:6,gripper=6`; the end of a range is excluded.
    ///
    /// - Throws: ``ActionSpaceError`` that quotes what cannot be read.
    public init(parsing text: String) throws(ActionSpaceError) {
        var groups: [Group] = []
        for piece in text.split(separator: ",") {
            let halves = piece.split(separator: "=", maxSplits: 1)
            let bounds = halves.count == 2 ? halves[1].split(separator: ":").map { Int($0) } : []
            switch bounds.count {
            case 1:
                guard let first = bounds[0], (0 ..< Self.largestDimension).contains(first) else {
                    throw .unreadable(String(piece))
                }
                groups.append(Group(name: String(halves[0]), columns: first ..< first + 1))
            case 2:
                guard let first = bounds[0], let end = bounds[1], first >= 0, end > first else {
                    throw .unreadable(String(piece))
                }
                groups.append(Group(name: String(halves[0]), columns: first ..< end))
            default: throw .unreadable(String(piece))
            }
        }
        try self.init(groups: groups)
    }

    /// Groups derived from the column names of a dataset's `action` feature.
    ///
    /// Neighbouring columns of one kind (and, on a body with several limbs, of one limb) form a group:
    /// `x y z roll pitch yaw gripper` gives position, rotation, gripper, `left_arm_x ... right_leg_knee`
    /// gives left_arm_position, ..., right_leg_joints. More than two columns of a gripper are a hand's joints, which
    /// are anything but binary. Columns that no rule knows are joints when the name says so, else `other`.
    ///
    /// - Throws: ``ActionSpaceError/noGroups`` when there are no names.
    public init(columnNames: [String]) throws(ActionSpaceError) {
        var groups: [Group] = []
        var counts: [String: Int] = [:]
        for (column, name) in columnNames.enumerated() {
            let kind = Kind(columnName: name)
            let limb = Self.limb(of: name)
            let base = limb.isEmpty ? kind.rawValue : "\(limb)_\(kind.rawValue)"
            if let last = groups.last, last.kind == kind, last.name == base || last.name.hasPrefix(base + "_")
            {
                groups[groups.count - 1].count += 1
            } else {
                counts[base, default: 0] += 1
                let number = counts[base, default: 1]
                groups.append(
                    Group(name: number == 1 ? base : "\(base)_\(number)", columns: column ..< column + 1)
                )
            }
        }
        try self.init(
            groups: groups.map { group in
                guard group.kind == .gripper, group.count > 2 else { return group }
                let name = group.name.replacing(Kind.gripper.rawValue, with: "hand_joints")
                return Group(name: name, columns: group.columns)
            }
        )
    }

    /// The groups as ``init(parsing:)`` reads them.
    public var description: String {
        groups.map {
            $0.count == 1 ? "\($0.name)=\($0.start)" : "\($0.name)=\($0.start):\($0.start + $0.count)"
        }
        .joined(separator: ",")
    }

    /// Limb that a column moves, where there are several alike: `left`, `right_arm`, `front_left_leg`; empty where the
    /// name has no side, as on a body with one arm.
    private static func limb(of name: String) -> String {
        let lowered = name.lowercased()
        let side = side(of: lowered)
        let words = lowered.split { !$0.isLetter }.map(String.init)
        let end = words.first { ["front", "back", "rear", "hind"].contains($0) }
        let part = words.first { ["arm", "leg"].contains($0) }
        guard !side.isEmpty || end != nil else { return "" }
        return [end, side.isEmpty ? nil : side, part].compactMap(\.self).joined(separator: "_")
    }

    /// `left`, `right`, or nothing where a name in lower case has no side.
    fileprivate static func side(of name: String) -> String {
        name.contains("left") ? "left" : name.contains("right") ? "right" : ""
    }
}

extension ActionSpace.Kind {
    /// The kind that a group's name suggests: `left_arm_position` is a position.
    public init(groupName: String) {
        let name = groupName.lowercased()
        self = Self.allCases.first { name.contains($0.rawValue) } ?? Self(columnName: groupName)
    }

    /// The kind that the name of one column suggests: `delta_x` is a position, `roll` a rotation.
    ///
    /// A joint's name comes before its motion: `shoulder_lift` and `wrist_roll` are angles of an arm's joints (SO-101), and so
    /// is `left_waist` (ALOHA), for a body has one waist.
    public init(columnName: String) {
        let name = columnName.lowercased()
        let words = Set(name.split { !$0.isLetter }.map(String.init))
        func mentions(_ candidates: String...) -> Bool { candidates.contains { name.contains($0) } }
        if words.contains("leg") {
            self = .joints
        } else if mentions("grip", "finger", "hand") {
            self = .gripper
        } else if mentions("base", "wheel") {
            self = .base
        } else if mentions("shoulder", "elbow", "wrist", "forearm", "hip", "knee", "ankle", "thigh", "calf")
            || mentions("shin", "foot")
        {
            self = .joints
        } else if mentions("torso", "head", "neck", "abdomen")
            || (mentions("waist") && ActionSpace.side(of: name).isEmpty)
        {
            self = .torso
        } else if mentions("joint", "motor", "waist") {
            self = .joints
        } else if words.contains("lift") {
            self = .torso
        } else if mentions("roll", "pitch", "yaw", "rot", "quat", "axisangle")
            || !words.isDisjoint(with: ["rx", "ry", "rz"])
        {
            self = .rotation
        } else if mentions("pos") || !words.isDisjoint(with: ["x", "y", "z", "dx", "dy", "dz"]) {
            self = .position
        } else {
            self = .other
        }
    }
}
