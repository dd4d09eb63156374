internal import FASTerVQ
internal import RobotTypes
internal import Torch

/// The action-space stages of one group.
struct PackedStages: Sendable {
    /// The robot's codebooks that are stages of this group.
    let codebooks: Range<Int>

    private let group: PatchGroup
    private let horizon: Int
    private let entries: [PackedEntries]
    /// Smallest and largest recorded action of every column.
    private let bounds: [(lower: Float, upper: Float)]

    /// Packs entries, `[codebooks, K, steps · columns]`; `bounds` are the group's of `Embodiment.patchBounds`.
    init(
        _ entries: Tensor,
        firstCodebook: Int,
        _ group: PatchGroup,
        horizon: Int,
        _ bounds: (lower: Tensor, upper: Tensor)
    ) {
        codebooks = firstCodebook ..< firstCodebook + entries.size(0)
        self.group = group
        self.horizon = horizon
        self.entries = (0 ..< entries.size(0)).map { PackedEntries(Rows(entries.select(0, $0))) }
        // The first step of the first patch is never padding.
        let (lower, upper) = (bounds.lower.floats, bounds.upper.floats)
        self.bounds = (0 ..< group.columns.count).map { (lower[$0], upper[$0]) }
    }

    /// Codes of the residuals `targets - starts` of chunks, `[T · columns]` each; a residual is 0 from the chunk's `validSteps` on.
    func encode(
        _ targets: [[Float]],
        from starts: [[Float]],
        validSteps: [Int],
        _ found: (_ chunk: Int, _ codebook: Int, _ patch: Int, _ code: Int) -> Void
    ) {
        var values = starts
        for codebook in codebooks {
            // One search for all chunks reads an entry once for several of them.
            var residuals = Rows(count: targets.count * group.patchCount, width: group.shape.valueCount)
            for (chunk, target) in targets.enumerated() {
                write(
                    target,
                    minus: values[chunk],
                    steps: min(horizon, validSteps[chunk]),
                    to: &residuals,
                    chunk
                )
            }
            let codes = entries[codebook - codebooks.lowerBound].nearest(to: residuals)
            for (index, code) in codes.enumerated() {
                let (chunk, patch) = index.quotientAndRemainder(dividingBy: group.patchCount)
                add(code, of: codebook, at: patch, to: &values[chunk])
                found(chunk, codebook, patch, code)
            }
        }
    }

    /// Writes the first `steps` steps of a chunk's residual to its patches.
    private func write(
        _ target: [Float],
        minus values: [Float],
        steps: Int,
        to residuals: inout Rows,
        _ chunk: Int
    ) {
        let (columns, width) = (bounds.count, group.shape.columns)
        let first = chunk * group.patchCount * group.shape.valueCount
        for step in 0 ..< steps {
            for column in 0 ..< columns {
                let index = step * columns + column
                residuals.values[first + step * width + column] = target[index] - values[index]
            }
        }
    }

    /// Adds an entry to a patch of `values`, `[T · columns]`, within the recorded range.
    func add(_ code: Int, of codebook: Int, at patch: Int, to values: inout [Float]) {
        let (steps, columns, first) = (group.shape.steps, bounds.count, patch * group.shape.steps)
        entries[codebook - codebooks.lowerBound].withEntry(code) { entry in
            for step in first ..< min(first + steps, horizon) {
                for (column, bound) in bounds.enumerated() {
                    let index = step * columns + column
                    let value = values[index] + entry[(step - first) * group.shape.columns + column]
                    values[index] = min(max(value, bound.lower), bound.upper)
                }
            }
        }
    }

    /// `values`, `[T · columns]`, within the recorded range.
    func clipped(_ values: [Float]) -> [Float] {
        values.enumerated().map { index, value in
            let bound = bounds[index % bounds.count]
            return min(max(value, bound.lower), bound.upper)
        }
    }
}
