internal import RobotTypes
internal import Torch

/// One part of a robot and the codebooks that refine it.
struct PartRefinement: Sendable {
    /// The part.
    let part: ActionPatchifier.Part

    /// Which of the robot's codebooks refine it: the last ones, or all where it goes past the network.
    let codebooks: Range<Int>

    private let cut: PatchCut
    /// `[codebooks, K, steps · columns]`.
    private let entries: Tensor
    /// The entries of every codebook as a factor of a product, `[steps · columns, K]`.
    private let factors: [Tensor]
    /// Half their squared lengths, `[K]`.
    private let lengths: [Tensor]
    private let embodiment: Embodiment

    init(_ network: FASTerVQNetwork, _ part: ActionPatchifier.Part, _ embodiment: Embodiment) {
        self.part = part
        self.embodiment = embodiment
        let entries = network.refinement.table(for: part).entries
        self.entries = entries
        let (count, learned) = (entries.size(0), network.codebooks.codebookCount)
        let first = part.isDirect ? 0 : learned
        codebooks = first ..< first + count
        cut = PatchCut(
            part: part,
            columns: entries.size(2) / part.steps,
            horizon: embodiment.patchifier.horizon
        )
        factors = (0 ..< count).map { entries.select(0, $0).transposed(0, 1).contiguous() }
        lengths = (0 ..< count).map { entries.select(0, $0).squared().sum(1) * 0.5 }
    }

    /// Codes of what a part lacks.
    ///
    /// - Parameters:
    ///   - target: What the part should be, `[B, T, columns]`.
    ///   - start: What it is without, `[B, T, columns]`.
    ///   - stepMask: 1 where a step counts, else 0, `[B, T, 1]`; nil for all.
    /// - Returns: Codes `[B, places]` for every codebook.
    func codes(for target: Tensor, from start: Tensor, stepMask: Tensor?) -> [Tensor] {
        var value = start
        return factors.indices.map { codebook in
            let error = target - value
            let patches = cut.patches(stepMask.map { error * $0 } ?? error)
            let chosen = (lengths[codebook] - patches.matmul(factors[codebook])).argmin(2)
            value = added(chosen, codebook: codebook, to: value)
            return chosen
        }
    }

    /// What a part becomes with the codes `[B, places]` of the first of its codebooks: `[B, T, columns]`.
    func refined(_ start: Tensor, _ codes: [Tensor]) -> Tensor {
        codes.enumerated().reduce(start) { added($1.element, codebook: $1.offset, to: $0) }
    }

    private func added(_ codes: Tensor, codebook: Int, to value: Tensor) -> Tensor {
        let found = cut.steps(codes.embedded(in: entries.select(0, codebook)))
        return embodiment.clipped(value + found, .range(part.columns))
    }
}
