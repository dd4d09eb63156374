internal import Foundation
internal import RobotTypes
internal import Torch

/// Division of chunks into orthogonal subspaces, one for every latent position.
///
/// Smooth motion of joints, such as positions that a person commands, takes the fewest bits in principal components of the
/// whole chunk. Motion that saturates, such as the clipped steps of a scripted controller, has structure that a rotation
/// hides: neighbouring steps of a patch are at the limit together.
public enum LatentPartition: String, Codable, CaseIterable, Sendable {
    /// Principal components of all columns.
    case components

    /// Principal components of all columns but grippers', each of which has a latent position of its own.
    case componentsBesideGrippers = "components_beside_grippers"

    /// Patches, time by action group, as FASTerVQ's.
    case patches
}

/// Subspace of chunks of one latent position.
struct LatentSubspace {
    /// Orthonormal rows, `[components, T · D]`.
    let basis: Tensor

    /// Identifier that latent positions share whose values are distributed alike; they share codebooks, too.
    let type: Int
}

extension LatentPartition {
    /// Subspaces of the latent positions.
    ///
    /// Patches of one group at different times are distributed alike: each learns from all, and a code means the same in each.
    ///
    /// - Parameters:
    ///   - chunks: Chunks whose mean is 0, `[n, T, D]`.
    ///   - space: The robot's groups.
    ///   - positionCount: Number of latent positions; nil for as many as `targetError` takes, or as there are patches.
    ///   - bitsPerPosition: Bits of a latent position, in all codebooks.
    ///   - targetError: Root of the mean squared error of a component, in normalised units.
    /// - Returns: A subspace for every position; nil where the robot has no such partition of so many positions.
    func subspaces(
        of chunks: Tensor,
        _ space: ActionSpace,
        positionCount: Int?,
        bitsPerPosition: Double,
        targetError: Double
    ) -> [LatentSubspace]? {
        let grippers = space.groups.filter { $0.kind == .gripper }
        switch self {
        case .patches:
            let patches = patches(of: chunks, space)
            return positionCount.map { $0 == patches?.count } ?? true ? patches : nil
        case .componentsBesideGrippers where grippers.isEmpty || grippers.count == space.groups.count:
            return nil
        case .components, .componentsBesideGrippers:
            let apart = self == .components ? [] : grippers
            let columns = (0 ..< space.dimension).filter { column in
                !apart.contains { $0.columns.contains(column) }
            }
            let components = PrincipalComponents(of: chunks, columns: columns)
            let needed = RateAllocation(
                variances: components.variances,
                distortion: targetError * targetError
            )
            let count =
                positionCount.map { $0 - apart.count }
                ?? max(1, Int((needed.total / bitsPerPosition).rounded(.up)))
            guard count > 0 else { return nil }
            let bases =
                components.bases(ofPositions: count, bitsPerPosition: bitsPerPosition)
                + apart.flatMap { gripper in
                    PrincipalComponents(of: chunks, columns: Array(gripper.columns))
                        .bases(ofPositions: 1, bitsPerPosition: bitsPerPosition)
                }
            return bases.enumerated().map { LatentSubspace(basis: $1, type: $0) }
        }
    }

    /// Unit vectors of the steps and columns of every patch; nil where the robot's groups cannot be cut.
    private func patches(of chunks: Tensor, _ space: ActionSpace) -> [LatentSubspace]? {
        let (horizon, dimension) = (chunks.size(1), chunks.size(2))
        let shapes = PatchShape.fitting(space, horizon: horizon)
        guard let patchifier = try? ActionPatchifier(space: space, horizon: horizon, shapes: shapes) else {
            return nil
        }
        return patchifier.groups.enumerated().flatMap { index, group in
            (0 ..< group.patchCount).map { patch in
                let first = patch * group.shape.steps
                let values = (first ..< min(first + group.shape.steps, horizon)).flatMap { step in
                    group.columns.map { step * dimension + $0 }
                }
                var rows = [Float](repeating: 0, count: values.count * horizon * dimension)
                for (row, value) in values.enumerated() { rows[row * horizon * dimension + value] = 1 }
                return LatentSubspace(
                    basis: Tensor(rows, shape: [values.count, horizon * dimension], device: chunks.device),
                    // A last patch may be shorter.
                    type: index * (horizon + 1) + values.count / group.columns.count
                )
            }
        }
    }
}
