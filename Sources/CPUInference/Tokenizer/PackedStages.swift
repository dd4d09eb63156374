internal import FASTerVQ
internal import RobotTypes
internal import Torch

/// The action-space stages of one group, for one chunk.
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

    /// Codes of the residual `target - start`, both `[T · columns]`; the residual is 0 from step `validSteps` on.
    func encode(
        _ target: [Float],
        from start: [Float],
        validSteps: Int,
        _ found: (_ codebook: Int, _ patch: Int, _ code: Int) -> Void
    ) {
        var values = start
        let (columns, width) = (bounds.count, group.shape.columns)
        for codebook in codebooks {
            var residual = Rows(count: group.patchCount, width: group.shape.valueCount)
            for step in 0 ..< min(horizon, validSteps) {
                for column in 0 ..< columns {
                    let index = step * columns + column
                    residual.values[step * width + column] = target[index] - values[index]
                }
            }
            for patch in 0 ..< group.patchCount {
                let code = entries[codebook - codebooks.lowerBound].nearest(to: patch, of: residual)
                add(code, of: codebook, at: patch, to: &values)
                found(codebook, patch, code)
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
