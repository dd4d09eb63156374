public import RobotTypes
internal import Torch

// Axes in this folder
//   B  chunks in the batch      T  control steps      D  action columns
//   N  places of the grid       C  channels           K  codebook entries

/// How a chunk of actions is cut into the places of a grid, time by physical group (paper, action patchifier).
///
/// Each group is cut evenly along time, but not into equally many pieces: places follow information. A gripper,
/// nearly binary, gets one place for the whole chunk; a position, which carries most of a motion, gets four.
/// One arm of 7 columns so has 7 places, as in the paper.
///
/// Departure: groups are not padded to a common width; each has a projection of its own instead.
public struct ActionPatchifier: Sendable, Equatable {
    /// One group's part of the grid.
    public struct Part: Sendable, Equatable {
        /// Columns of the action that belong to the group.
        public let columns: Range<Int>
        /// Pieces along time.
        public let places: Int
        /// Control steps of a piece.
        public let steps: Int
    }

    /// The groups' parts, in the order of their columns.
    public let parts: [Part]

    /// Control steps of a chunk.
    public let horizon: Int

    /// Places in all.
    public var placeCount: Int { parts.reduce(0) { $0 + $1.places } }

    /// Cuts chunks of `horizon` steps.
    ///
    /// - Parameters:
    ///   - space: The groups.
    ///   - horizon: Control steps of a chunk.
    ///   - places: Wished number of places by a group's name or kind; the nearest divisor of the horizon is taken.
    public init(space: ActionSpace, horizon: Int, places: [String: Int] = [:]) {
        self.horizon = horizon
        parts = space.groups.map { group in
            let wished = places[group.name] ?? places[group.kind.rawValue] ?? Self.defaultPlaces(group.kind)
            let divisors = (1 ... horizon).filter { horizon % $0 == 0 }
            let count = divisors.min { (abs($0 - wished), -$0) < (abs($1 - wished), -$1) } ?? 1
            return Part(columns: group.columns, places: count, steps: horizon / count)
        }
    }

    private static func defaultPlaces(_ kind: ActionSpace.Kind) -> Int {
        switch kind {
        case .position, .joints, .other: 4
        case .rotation, .base, .torso: 2
        case .gripper: 1
        }
    }

    /// Which places hold at least one step before `validSteps`, `[count · N]`, row-major.
    public func validPlaces(_ validSteps: [Int]) -> [Bool] {
        validSteps.flatMap { valid in
            parts.flatMap { part in (0 ..< part.places).map { $0 * part.steps < valid } }
        }
    }
}
