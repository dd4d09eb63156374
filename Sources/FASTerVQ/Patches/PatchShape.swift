public import RobotTypes

/// How the motion of one kind of group is cut, and how much of it a network can tell apart.
///
/// A network has one reader and one writer a kind, not a group: an arm's position is an arm's position, on
/// whatever robot. That is what lets one set of weights serve many bodies.
public struct PatchShape: Codable, Equatable, Sendable {
    /// Control steps of a patch.
    public var steps: Int

    /// Columns of a patch; narrower groups leave the last ones empty, wider groups become several.
    public var columns: Int

    /// Most patches along time.
    public var pieces: Int

    /// Most groups of this kind in one robot.
    public var members: Int

    /// Whether patches go past the network and are coded as they are: right for motion that is nearly binary.
    public var isDirect: Bool

    /// Describes patches of `steps` by `columns`.
    public init(steps: Int, columns: Int, pieces: Int, members: Int, isDirect: Bool = false) {
        self.isDirect = isDirect
        self.steps = steps
        self.columns = columns
        self.pieces = pieces
        self.members = members
    }
}

/// Kinds of motion in the order of the weights that belong to them.
struct MotionKinds: Sendable {
    let all: [ActionSpace.Kind]

    /// All kinds with a shape.
    init(_ shapes: [String: PatchShape]) {
        all = ActionSpace.Kind.allCases.filter { shapes[$0.rawValue] != nil }
    }

    /// The kinds that pass through the network.
    init(learned shapes: [String: PatchShape]) { self.init(shapes.filter { !$0.value.isDirect }) }

    func index(of part: ActionPatchifier.Part) -> Int {
        guard let index = all.firstIndex(of: part.kind) else {
            preconditionFailure("a patchifier made for other shapes than the network's")
        }
        return index
    }
}

extension PatchShape {
    /// The widest patch that groups are cut into where nothing else is said: one arm's joints.
    static let widestPatch = 8

    /// Shapes that fit one robot exactly.
    ///
    /// Places follow information: a gripper, nearly binary, gets one place for the whole chunk; a position,
    /// which carries most of a motion, gets four. One arm of 7 columns so has 7 places, as in the paper.
    ///
    /// - Parameters:
    ///   - space: The robot's groups.
    ///   - horizon: Control steps of a chunk.
    ///   - places: Wished number of places along time by a kind's name; the nearest divisor of the horizon is taken.
    /// - Returns: A shape for every kind that occurs, by the kind's name.
    public static func fitting(
        _ space: ActionSpace,
        horizon: Int,
        places: [String: Int] = [:]
    ) -> [String: PatchShape] {
        Dictionary(grouping: space.groups, by: \.kind).reduce(into: [:]) { shapes, entry in
            let (kind, groups) = (entry.key, entry.value)
            let wished = places[kind.rawValue] ?? usualPlaces(of: kind)
            let pieces = pieces(of: horizon, near: wished)
            let columns = min(widestPatch, groups.map(\.count).max() ?? 1)
            shapes[kind.rawValue] = PatchShape(
                steps: horizon / pieces,
                columns: columns,
                pieces: pieces,
                members: groups.reduce(0) { $0 + ($1.count + columns - 1) / columns },
                isDirect: kind == .gripper && space.groups.contains { $0.kind != .gripper }
            )
        }
    }

    private static func usualPlaces(of kind: ActionSpace.Kind) -> Int {
        switch kind {
        case .position, .joints, .other: 4
        case .rotation, .base, .torso: 2
        case .gripper: 1
        }
    }

    /// Control steps that the places of ``universal(places:)`` are counted in.
    private static let universalSteps = 16

    /// Shapes for robots of every kind, for one set of weights that serves them all, and chunks of up to 64 steps.
    ///
    /// - Parameter places: Wished number of places of 16 steps by a kind's name; the nearest divisor of 16 is taken.
    /// - Returns: A shape for every kind, by the kind's name.
    public static func universal(places: [String: Int] = [:]) -> [String: PatchShape] {
        let sizes: [(kind: ActionSpace.Kind, places: Int, columns: Int, members: Int)] = [
            (.position, 4, 3, 4), (.rotation, 2, 3, 4), (.gripper, 1, 1, 32), (.base, 2, 3, 2),
            (.torso, 2, 4, 2),
            (.joints, 2, 4, 16), (.other, 2, 4, 16),
        ]
        return sizes.reduce(into: [:]) { shapes, size in
            let name = size.kind.rawValue
            let pieces = pieces(of: universalSteps, near: places[name] ?? size.places)
            shapes[name] = PatchShape(
                steps: universalSteps / pieces,
                columns: size.columns,
                pieces: 4 * pieces,
                members: size.members,
                isDirect: size.kind == .gripper
            )
        }
    }

    /// The divisor of `steps` that is nearest to `wished`; the larger one of two.
    private static func pieces(of steps: Int, near wished: Int) -> Int {
        let divisors = (1 ... steps).filter { steps % $0 == 0 }
        return divisors.min { (abs($0 - wished), -$0) < (abs($1 - wished), -$1) } ?? 1
    }
}
