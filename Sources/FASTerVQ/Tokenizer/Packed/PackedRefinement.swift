internal import CPUInference
internal import RobotTypes
internal import Torch

/// ``PartRefinement`` for one chunk.
struct PackedRefinement: Sendable {
    /// Which of the robot's codebooks refine the part.
    let codebooks: Range<Int>

    private let part: ActionPatchifier.Part
    private let horizon: Int
    /// Columns of an entry.
    private let width: Int
    private let entries: [PackedEntries]
    /// Smallest and largest action of every column.
    private let bounds: [(low: Float, high: Float)]

    init(_ network: FASTerVQNetwork, _ part: ActionPatchifier.Part, _ embodiment: Embodiment) {
        let table = network.refinement.table(for: part).entries
        let first = part.isDirect ? 0 : network.codebooks.codebookCount
        codebooks = first ..< first + table.size(0)
        (self.part, horizon, width) = (part, embodiment.patchifier.horizon, table.size(2) / part.steps)
        entries = (0 ..< table.size(0)).map { PackedEntries(Rows(table.select(0, $0))) }
        let (low, high) = (embodiment.lowest.floats, embodiment.largest.floats)
        bounds = part.columns.map { (low[$0], high[$0]) }
    }

    /// Finds the codes of what `start` lacks of `target`, both `[T · columns]`; steps from `validSteps` on lack nothing.
    func refine(
        _ start: [Float],
        to target: [Float],
        validSteps: Int,
        _ found: (_ codebook: Int, _ place: Int, _ code: Int) -> Void
    ) {
        var values = start
        let columns = bounds.count
        for codebook in codebooks {
            var lacking = Rows(count: part.places, width: part.steps * width)
            for step in 0 ..< min(horizon, validSteps) {
                for column in 0 ..< columns {
                    let index = step * columns + column
                    lacking.values[step * width + column] = target[index] - values[index]
                }
            }
            for place in 0 ..< part.places {
                let code = entries[codebook - codebooks.lowerBound].nearest(to: place, of: lacking)
                add(code, of: codebook, at: place, to: &values)
                found(codebook, place, code)
            }
        }
    }

    /// Adds an entry to a place of `values`, `[T · columns]`.
    func add(_ code: Int, of codebook: Int, at place: Int, to values: inout [Float]) {
        let columns = bounds.count
        let first = place * part.steps
        entries[codebook - codebooks.lowerBound].withEntry(code) { entry in
            for step in first ..< min(first + part.steps, horizon) {
                for (column, bound) in bounds.enumerated() {
                    let index = step * columns + column
                    let value = values[index] + entry[(step - first) * width + column]
                    values[index] = min(max(value, bound.low), bound.high)
                }
            }
        }
    }

    /// `values`, `[T · columns]`, within what was recorded.
    func clipped(_ values: [Float]) -> [Float] {
        values.enumerated().map { index, value in
            let bound = bounds[index % bounds.count]
            return min(max(value, bound.low), bound.high)
        }
    }
}
