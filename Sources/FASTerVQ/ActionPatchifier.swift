public import RobotTypes
public import Torch

// Axes in this target
//   B  chunks in the batch      T  control steps      D  action columns
//   P  patches of a group       N  latent positions   C  channels          K  codebook entries

/// Patches of one action group, or of one slice of a group that is wider than a patch.
public struct PatchGroup: Sendable, Hashable {
    /// Type of the group.
    public let type: ActionSpace.Kind
    /// Columns of the action.
    public let columns: Range<Int>
    /// Number of groups of this type before this one.
    public let groupIndex: Int
    /// Number of patches along time; the last one may reach beyond the chunk.
    public let patchCount: Int
    /// Steps and columns of a patch.
    public let shape: PatchShape
}

/// Cuts chunks of actions into patches, time by physical action group, and back (arXiv 2512.04952, action patchifier).
///
/// Every group is cut evenly along time, but not all into equally many patches: latent positions follow information. A
/// patch is a latent position where its group passes through the autoencoder.
public struct ActionPatchifier: Sendable, Hashable {
    /// The groups, in the order of their columns.
    public let groups: [PatchGroup]

    /// Control steps of a chunk.
    public let horizon: Int

    /// Number of patches of a chunk: of codes in every codebook.
    public var latentPositionCount: Int { groups.reduce(0) { $0 + $1.patchCount } }

    /// The patchifier of the groups that pass through the autoencoder.
    public var autoencoded: ActionPatchifier {
        ActionPatchifier(groups: groups.filter { !$0.shape.bypassesAutoencoder }, horizon: horizon)
    }

    private init(groups: [PatchGroup], horizon: Int) {
        self.groups = groups
        self.horizon = horizon
    }

    // MARK: Values

    /// Cuts chunks into patches.
    ///
    /// - Parameter actions: `[B, T, D]`.
    /// - Returns: Patches of every group, `[B, P, steps · columns]`: steps beyond the chunk repeat its last one, columns beyond
    ///   the group are zero.
    public func patchify(_ actions: Tensor) -> [Tensor] {
        groups.map { group in
            patches(
                of: actions.narrowed(2, from: group.columns.lowerBound, count: group.columns.count),
                group
            )
        }
    }

    /// Puts patches together, the reverse of ``patchify(_:)``.
    ///
    /// - Parameter patches: Patches of every group, `[B, P, steps · columns]`.
    /// - Returns: The groups' columns, `[B, T, columns]`; `[B, T, D]` where no group is left out.
    public func unpatchify(_ patches: [Tensor]) -> Tensor {
        let columns = zip(groups, patches).map { group, patches in
            patches.reshaped(patches.size(0), group.patchCount * group.shape.steps, group.shape.columns)
                .narrowed(1, from: 0, count: horizon).narrowed(2, from: 0, count: group.columns.count)
        }
        return columns.count == 1 ? columns[0] : .concatenated(columns, axis: 2)
    }

    /// The groups' columns of `x`, `[..., D]`.
    func columns(of x: Tensor) -> Tensor {
        let columns = groups.map { x.narrowed(-1, from: $0.columns.lowerBound, count: $0.columns.count) }
        return columns.count == 1 ? columns[0] : .concatenated(columns, axis: -1)
    }

    private func patches(of x: Tensor, _ group: PatchGroup) -> Tensor {
        let (missing, rest) = missing(in: group)
        var x = rest > 0 ? x.padded([0, rest]) : x
        if missing > 0 {
            let last = x.narrowed(1, from: horizon - 1, count: 1)
            x = .concatenated([x, last.expanded([x.size(0), missing, group.shape.columns])], axis: 1)
        }
        return x.reshaped(x.size(0), group.patchCount, group.shape.valueCount)
    }

    /// Steps and columns that a group's patches have beyond the chunk and the group.
    private func missing(in group: PatchGroup) -> (steps: Int, columns: Int) {
        (group.patchCount * group.shape.steps - horizon, group.shape.columns - group.columns.count)
    }

    // MARK: Validity

    /// Masks of patches, as ``patchify(_:)`` cuts them: padding counts nowhere.
    ///
    /// - Parameter stepMask: 1 where a step counts, else 0, `[B, T]`.
    /// - Returns: 1 where a value of a patch counts, else 0, `[B, P, steps · columns]` for every group.
    func valueMasks(_ stepMask: Tensor) -> [Tensor] {
        groups.map { group in
            let (missing, rest) = missing(in: group)
            return stepMask.unsqueezed(2).expanded([stepMask.size(0), horizon, group.columns.count])
                .padded([0, rest, 0, missing])
                .reshaped(stepMask.size(0), group.patchCount, group.shape.valueCount)
        }
    }

    /// Mask of latent positions: one counts where its first step does.
    ///
    /// - Parameter stepMask: 1 where a step counts, else 0, `[B, T]`.
    /// - Returns: `[B, N]`.
    func latentPositionMask(_ stepMask: Tensor) -> Tensor {
        .concatenated(
            groups.map { group in
                stepMask.padded([0, missing(in: group).steps])
                    .reshaped(stepMask.size(0), group.patchCount, group.shape.steps).select(2, 0)
            },
            axis: 1
        )
    }

    /// Latent positions that hold at least one of the first `validSteps` steps of each chunk, `[chunks · N]`, row-major.
    public func validLatentPositions(_ validSteps: [Int]) -> [Bool] {
        validSteps.flatMap { valid in
            groups.flatMap { group in (0 ..< group.patchCount).map { $0 * group.shape.steps < valid } }
        }
    }
}

extension ActionPatchifier {
    /// Lays out the patches of a robot's chunks.
    ///
    /// Groups of a type without a shape are cut as joints: any motion is one of actuators.
    ///
    /// - Parameters:
    ///   - space: The robot's groups.
    ///   - horizon: Control steps of a chunk.
    ///   - shapes: Patches by a type's name.
    /// - Throws: ``PatchError`` when neither a group's type nor joints have a shape, a shape allows fewer patches or groups
    ///   than there are, or no group passes through the autoencoder.
    public init(space: ActionSpace, horizon: Int, shapes: [String: PatchShape]) throws(PatchError) {
        var groups: [PatchGroup] = []
        var counts: [ActionSpace.Kind: Int] = [:]
        for group in space.groups {
            let type = shapes[group.kind.rawValue] == nil ? .joints : group.kind
            guard let shape = shapes[type.rawValue] else {
                throw PatchError(group: group.name, reason: "nothing was trained on the type '\(group.kind)'")
            }
            // Rounded up, without a sum that could overflow.
            let patchCount = (horizon - 1) / shape.steps + 1
            guard patchCount <= shape.maxPatches else {
                throw PatchError(
                    group: group.name,
                    reason:
                        "chunks of at most \(shape.maxPatches * shape.steps) steps fit, not of \(horizon)"
                )
            }
            for first in stride(from: group.start, to: group.columns.upperBound, by: shape.columns) {
                let groupIndex = counts[type, default: 0]
                guard groupIndex < shape.maxGroups else {
                    throw PatchError(
                        group: group.name,
                        reason: "at most \(shape.maxGroups) groups of the type '\(type)' fit"
                    )
                }
                counts[type] = groupIndex + 1
                groups.append(
                    PatchGroup(
                        type: type,
                        columns: first ..< min(first + shape.columns, group.columns.upperBound),
                        groupIndex: groupIndex,
                        patchCount: patchCount,
                        shape: shape
                    )
                )
            }
        }
        guard groups.contains(where: { !$0.shape.bypassesAutoencoder }) else {
            throw PatchError(
                group: space.groups.first?.name ?? "",
                reason: "this model codes grippers beside other groups only, and the robot has no other"
            )
        }
        self.init(groups: groups, horizon: horizon)
    }
}

/// A robot that a model cannot cut into its patches.
public struct PatchError: Error, Equatable, CustomStringConvertible {
    /// Name of the group that does not fit.
    public let group: String

    /// The reason, as a clause.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "action group '\(group)': \(reason)" }
}
