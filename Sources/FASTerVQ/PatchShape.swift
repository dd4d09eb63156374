public import RobotTypes
public import Support

/// The patches of one action group type, and how many of them a model has weights for.
///
/// Weights belong to types, not to a robot's groups, so one model serves many robots.
/// Departure from the paper, which pads all groups to the width of the widest.
public struct PatchShape: Codable, Hashable, Sendable {
    /// Control steps of a patch.
    public var steps: Int

    /// Columns of a patch; a narrower group is padded, a wider one becomes several.
    public var columns: Int

    /// Largest number of patches along time.
    public var maxPatches: Int

    /// Largest number of groups of the type in one robot.
    public var maxGroups: Int

    /// Makes patches bypass the autoencoder: only action-space stages code them.
    public var bypassesAutoencoder: Bool

    /// Describes patches of `steps` by `columns`.
    public init(
        steps: Int,
        columns: Int,
        maxPatches: Int,
        maxGroups: Int,
        bypassesAutoencoder: Bool = false
    ) {
        self.steps = steps
        self.columns = columns
        self.maxPatches = maxPatches
        self.maxGroups = maxGroups
        self.bypassesAutoencoder = bypassesAutoencoder
    }

    /// Number of values of a patch.
    public var valueCount: Int { steps * columns }
}

extension PatchShape: Validatable {
    /// Checks every value.
    ///
    /// - Throws: `InvalidValue` for the first one that cannot be worked with.
    public func validate() throws(InvalidValue) {
        try Validation.require(
            ["steps": steps, "columns": columns, "maxPatches": maxPatches, "maxGroups": maxGroups],
            in: 1 ... Validation.largestSize
        )
    }
}

/// Action group types in the order of the weights that belong to them.
package struct ActionGroupTypes: Sendable {
    package let all: [ActionSpace.Kind]

    /// Collects the types that have a shape.
    init(_ shapes: [String: PatchShape]) {
        all = ActionSpace.Kind.allCases.filter { shapes[$0.rawValue] != nil }
    }

    /// Collects the types that pass through the autoencoder.
    init(autoencoded shapes: [String: PatchShape]) {
        self.init(shapes.filter { !$0.value.bypassesAutoencoder })
    }

    /// Index of a group's type.
    package func index(of group: PatchGroup) -> Int {
        guard let index = all.firstIndex(of: group.type) else {
            preconditionFailure("a patchifier for other shapes than the model's")
        }
        return index
    }
}

extension PatchShape {
    /// Columns of the widest patch that groups are cut into by default: one arm's joints.
    static let widestPatch = 8

    /// Shapes that fit one robot exactly.
    ///
    /// Latent positions follow information: a gripper, nearly binary, gets one for the whole chunk, a position, which
    /// carries most of a motion, four. One arm of 7 columns has 7 latent positions, as in the paper.
    ///
    /// - Parameters:
    ///   - space: The robot's groups.
    ///   - horizon: Control steps of a chunk.
    ///   - latentPositions: Desired number of latent positions along time by a type's name; the nearest divisor of the
    ///     horizon is used.
    ///   - bypassingGrippers: Makes grippers bypass the autoencoder where the robot has other groups, too.
    /// - Returns: A shape for every type that occurs, by the type's name.
    public static func fitting(
        _ space: ActionSpace,
        horizon: Int,
        latentPositions: [String: Int] = [:],
        bypassingGrippers: Bool = true
    ) -> [String: PatchShape] {
        let hasOthers = space.groups.contains { $0.kind != .gripper }
        return Dictionary(grouping: space.groups, by: \.kind).reduce(into: [:]) { shapes, entry in
            let (type, groups) = (entry.key, entry.value)
            let desired = latentPositions[type.rawValue] ?? defaultLatentPositions(of: type)
            let patches = divisor(of: horizon, near: desired)
            let columns = min(widestPatch, groups.map(\.count).max() ?? 1)
            shapes[type.rawValue] = PatchShape(
                steps: horizon / patches,
                columns: columns,
                maxPatches: patches,
                maxGroups: groups.reduce(0) { $0 + ($1.count + columns - 1) / columns },
                bypassesAutoencoder: bypassingGrippers && hasOthers && type == .gripper
            )
        }
    }

    private static func defaultLatentPositions(of type: ActionSpace.Kind) -> Int {
        switch type {
        case .position, .joints, .other: 4
        case .rotation, .base, .torso: 2
        case .gripper: 1
        }
    }

    /// Control steps that hold the latent positions of ``universal(latentPositions:bypassingGrippers:)``.
    private static let universalSteps = 16

    /// Shapes for every action group type and chunks of up to 64 steps, for one model of many robots.
    ///
    /// - Parameters:
    ///   - latentPositions: Desired number of latent positions in 16 steps by a type's name; the nearest divisor of 16 is taken.
    ///   - bypassingGrippers: Makes grippers bypass the autoencoder.
    /// - Returns: A shape for every type, by the type's name.
    public static func universal(
        latentPositions: [String: Int] = [:],
        bypassingGrippers: Bool = true
    ) -> [String: PatchShape] {
        let sizes: [(type: ActionSpace.Kind, latentPositions: Int, columns: Int, maxGroups: Int)] = [
            (.position, 4, 3, 4), (.rotation, 2, 3, 4), (.gripper, 1, 1, 32), (.base, 2, 3, 2),
            (.torso, 2, 4, 2), (.joints, 2, 4, 16), (.other, 2, 4, 16),
        ]
        return sizes.reduce(into: [:]) { shapes, size in
            let name = size.type.rawValue
            let patches = divisor(of: universalSteps, near: latentPositions[name] ?? size.latentPositions)
            shapes[name] = PatchShape(
                steps: universalSteps / patches,
                columns: size.columns,
                maxPatches: 4 * patches,
                maxGroups: size.maxGroups,
                bypassesAutoencoder: bypassingGrippers && size.type == .gripper
            )
        }
    }

    /// The divisor of `number` that is nearest to `desired`; the larger one of two.
    private static func divisor(of number: Int, near desired: Int) -> Int {
        let divisors = (1 ... number).filter { number % $0 == 0 }
        return divisors.min { (abs($0 - desired), -$0) < (abs($1 - desired), -$1) } ?? 1
    }
}
