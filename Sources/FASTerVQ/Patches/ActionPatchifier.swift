public import RobotTypes

// Axes in this folder
//   B  chunks in the batch      T  control steps      D  action columns
//   N  places of the grid       C  channels           K  codebook entries

/// How a robot's chunks of actions are cut into the places of a grid, time by physical group (paper, action
/// patchifier).
///
/// Each group is cut evenly along time, but not all into equally many pieces: places follow information.
public struct ActionPatchifier: Sendable, Equatable {
    /// One group's part of the grid, or one slice of a group that is too wide for a patch.
    public struct Part: Sendable, Equatable {
        /// What kind of motion it is.
        public let kind: ActionSpace.Kind
        /// Columns of the action that it holds.
        public let columns: Range<Int>
        /// How many parts of this kind come before.
        public let member: Int
        /// Pieces along time.
        public let places: Int
        /// Control steps of a piece; the last one may reach beyond the chunk.
        public let steps: Int
        /// Whether it goes past the network.
        public let isDirect: Bool
    }

    /// The parts, in the order of their columns.
    public let parts: [Part]

    /// Control steps of a chunk.
    public let horizon: Int

    /// Places in all.
    public var placeCount: Int { parts.reduce(0) { $0 + $1.places } }

    /// The parts that pass through the network.
    public var learned: [Part] { parts.filter { !$0.isDirect } }

    /// Places that pass through the network.
    public var learnedPlaceCount: Int { learned.reduce(0) { $0 + $1.places } }

    /// Cuts chunks of `horizon` steps.
    ///
    /// Kinds without a shape are read as joints: any motion is one of drives.
    ///
    /// - Parameters:
    ///   - space: The groups.
    ///   - horizon: Control steps of a chunk.
    ///   - shapes: How each kind is cut, by the kind's name.
    /// - Throws: ``PatchError`` when neither a kind nor joints have a shape, or it has more pieces or members than its shape
    ///   allows, or nothing passes through the network.
    public init(space: ActionSpace, horizon: Int, shapes: [String: PatchShape]) throws(PatchError) {
        var parts: [Part] = []
        var members: [ActionSpace.Kind: Int] = [:]
        for group in space.groups {
            let kind = shapes[group.kind.rawValue] == nil ? .joints : group.kind
            guard let shape = shapes[kind.rawValue] else {
                throw PatchError(group: group.name, reason: "nothing was trained on the kind '\(group.kind)'")
            }
            // Rounded up, without a sum that could overflow.
            let pieces = (horizon - 1) / shape.steps + 1
            guard pieces <= shape.pieces else {
                throw PatchError(
                    group: group.name,
                    reason: "chunks of at most \(shape.pieces * shape.steps) steps fit, not of \(horizon)"
                )
            }
            for first in stride(from: group.start, to: group.columns.upperBound, by: shape.columns) {
                let member = members[kind, default: 0]
                guard member < shape.members else {
                    throw PatchError(
                        group: group.name,
                        reason: "at most \(shape.members) groups of the kind '\(kind)' fit"
                    )
                }
                members[kind] = member + 1
                let end = min(first + shape.columns, group.columns.upperBound)
                parts.append(
                    Part(
                        kind: kind,
                        columns: first ..< end,
                        member: member,
                        places: pieces,
                        steps: shape.steps,
                        isDirect: shape.isDirect
                    )
                )
            }
        }
        guard parts.contains(where: { !$0.isDirect }) else {
            throw PatchError(
                group: space.groups.first?.name ?? "",
                reason: "this network codes grippers beside other motion only, and the robot has no other"
            )
        }
        self.parts = parts
        self.horizon = horizon
    }

    /// Which places hold at least one step before `validSteps`, `[count · N]`, row-major.
    public func validPlaces(_ validSteps: [Int]) -> [Bool] { Self.validPlaces(of: parts, validSteps) }

    /// The same of the places that pass through the network only.
    public func validLearnedPlaces(_ validSteps: [Int]) -> [Bool] {
        Self.validPlaces(of: learned, validSteps)
    }

    private static func validPlaces(of parts: [Part], _ validSteps: [Int]) -> [Bool] {
        validSteps.flatMap { valid in
            parts.flatMap { part in (0 ..< part.places).map { $0 * part.steps < valid } }
        }
    }
}

/// A robot that a network cannot cut into its patches.
public struct PatchError: Error, Equatable, CustomStringConvertible {
    /// The group that does not fit.
    public let group: String

    /// Why it does not.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "action group '\(group)': \(reason)" }
}
