public import NN
internal import RobotTypes
public import Support
package import Torch
internal import VectorQuantization

/// Residual codebooks in action space: each quantizes the residual of a patch after the decoder and the stages before.
///
/// Departure from arXiv 2512.04952, all of whose codebooks are of latents. Those have no bound on the error in actions, and
/// more of them lower it ever more slowly. At equal bits, a stage instead of a third codebook of latents lowers L1 on 50
/// MetaWorld tasks by a quarter. Groups that bypass the autoencoder (grippers, nearly binary) have all their
/// codebooks here, so common patterns come back exactly.
///
/// Entry 0 of each stage is zero.
public struct ActionSpaceQuantizer: Module {
    /// Number of stages, and how they are fitted.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Number of codebooks after those of latents.
        public var codebookCount = 1

        /// Largest error, in normalised units, of a patch that no entry is fitted to.
        public var errorThreshold = 0.02

        /// Number of chunks that entries are fitted to.
        public var fittingChunks = 50_000

        /// Iterations of k-means for a codebook.
        public var kMeansIterations = 10

        /// The defaults.
        public init() {}
    }

    /// Codebooks of one group type.
    package struct Stages: Module {
        /// Codebook entries, `[codebooks, K, steps · columns]`.
        @Buffer package var entries: Tensor

        fileprivate init(_ entries: Tensor) { _entries = Buffer(wrappedValue: entries) }
    }

    package let types: ActionGroupTypes
    /// The stages of every type.
    package let stages: [Stages]

    /// Creates stages for the types of a model; their entries are zero until they are fitted.
    init(_ configuration: FASTerVQConfiguration, device: Device) {
        let types = ActionGroupTypes(configuration.patches)
        self.types = types
        stages = types.all.compactMap { type in
            configuration.patches[type.rawValue].map { shape in
                let count =
                    configuration.actionSpaceQuantizer.codebookCount
                    + (shape.bypassesAutoencoder ? configuration.quantizer.codebookCount : 0)
                let size = configuration.quantizer.codebookSize
                let entries = Tensor.zeros([count, size, shape.valueCount], device: device)
                return Stages(entries)
            }
        }
    }

    /// Codes of the residuals of actions after decoding.
    ///
    /// - Parameters:
    ///   - actions: `[B, T, D]`.
    ///   - decoded: Decoded patches of the groups that pass through the autoencoder, `[B, P, steps · columns]`.
    ///   - stepMask: 1 where a step counts, else 0, `[B, T]`.
    ///   - robot: The robot.
    /// - Returns: int64 `[B, P, stages]` of every group.
    func codes(for actions: Tensor, from decoded: [Tensor], stepMask: Tensor, of robot: Embodiment)
        -> [Tensor]
    {
        let groups = robot.patchifier.groups
        return zip(groups, residuals(of: actions, from: decoded, stepMask: stepMask, of: robot)).map {
            group,
            residual in
            let entries = stages[types.index(of: group)].entries
            let recursion = ResidualRecursion(
                over: residual.vectors,
                entries: entries,
                within: residual.bounds
            )
            return recursion.codes().reshaped(actions.size(0), group.patchCount, -1)
        }
    }

    /// Actions of decoded patches and the entries of stages, within the recorded range after every stage.
    ///
    /// - Parameters:
    ///   - codes: int64 `[B, P, stages]` of every group; of the first stages only, for coarser actions.
    ///   - decoded: As in ``codes(for:from:stepMask:of:)``.
    ///   - robot: The robot.
    /// - Returns: `[B, T, D]`.
    func actions(for codes: [Tensor], from decoded: [Tensor], of robot: Embodiment) -> Tensor {
        let groups = robot.patchifier.groups
        let (bounds, starts) = (robot.patchBounds, starts(decoded, count: codes[0].size(0), of: robot))
        return robot.patchifier.unpatchify(
            groups.indices.map { group in
                let entries = stages[types.index(of: groups[group])].entries
                return (0 ..< codes[group].size(2)).reduce(starts[group]) { value, stage in
                    let found = codes[group].select(2, stage).embedded(in: entries.select(0, stage))
                    return (value + found).clamped(from: bounds[group].lower, to: bounds[group].upper)
                }
            }
        )
    }

    /// Residuals that the first stage sees, `[B · P, steps · columns]` of every group, and the bounds that hold actions
    /// within the recorded range.
    ///
    /// Both bounds of padding are 0.
    func residuals(
        of actions: Tensor,
        from decoded: [Tensor],
        stepMask: Tensor,
        of robot: Embodiment
    ) -> [(vectors: Tensor, bounds: ResidualRecursion.Bounds)] {
        let (patchifier, count) = (robot.patchifier, actions.size(0))
        let masks = patchifier.valueMasks(stepMask)
        let (bounds, starts) = (robot.patchBounds, starts(decoded, count: count, of: robot))
        return patchifier.patchify(actions).enumerated().map { group, patches in
            func masked(_ values: Tensor) -> Tensor {
                (values * masks[group]).reshaped(-1, patches.size(2))
            }
            return (
                masked(patches - starts[group]),
                (masked(patches - bounds[group].upper), masked(patches - bounds[group].lower))
            )
        }
    }

    /// The patches that stages start from, of every group: decoded ones within the recorded range, or zero for groups that
    /// bypass the autoencoder.
    private func starts(_ decoded: [Tensor], count: Int, of robot: Embodiment) -> [Tensor] {
        var decoded = decoded[...]
        return zip(robot.patchifier.groups, robot.patchBounds).map { group, bounds in
            group.shape.bypassesAutoencoder
                ? .zeros([count, group.patchCount, group.shape.valueCount], device: bounds.lower.device)
                : decoded.removeFirst().clamped(from: bounds.lower, to: bounds.upper)
        }
    }
}

extension ActionSpaceQuantizer.Configuration: Validatable {
    /// Checks every value.
    ///
    /// - Throws: `InvalidValue` for the first one that cannot be worked with.
    public func validate() throws(InvalidValue) {
        try Validation.require(["codebookCount": codebookCount], in: 0 ... Validation.largestSize)
        try Validation.require(
            ["fittingChunks": fittingChunks, "kMeansIterations": kMeansIterations],
            atLeast: 1
        )
    }
}
