internal import ActionTokenizers
internal import CPUInference
internal import RobotTypes
internal import Torch

/// Simple changes that bring a chunk within a limit where all codebooks together do not.
///
/// Codebooks hold what motion was like in training, so chunks unlike it keep errors that have no bound. Corrections come after
/// the last codebook, as many at a place as it needs, and are the same for every tokenizer (``GenericEntries``):
/// nothing of them is learned or stored.
struct Corrections: Sendable {
    /// Most corrections of a place.
    static let limit = 1024

    private let places: [Place]
    /// Smallest and largest action of every column.
    private let bounds: [(low: Float, high: Float)]

    /// Where a place is in a chunk, and what it chooses from.
    private struct Place {
        let steps: Range<Int>
        let columns: Range<Int>
        /// Entry 0 is nothing.
        let entries: PackedEntries
    }

    /// Corrections of a robot's chunks, at most `size` codes for a place to choose from.
    init(_ embodiment: Embodiment, size: Int) {
        let patchifier = embodiment.patchifier
        places = patchifier.parts.flatMap { part in
            let (steps, columns) = (part.steps, part.columns.count)
            let changes = GenericEntries.corrections(steps: steps, columns: columns, atMost: size - 1)
            let nothing = [Float](repeating: 0, count: steps * columns)
            let entries = PackedEntries(Rows(nothing + changes.flatMap { $0 }, width: steps * columns))
            return (0 ..< part.places).map { place in
                let end = min((place + 1) * steps, patchifier.horizon)
                return Place(steps: place * steps ..< end, columns: part.columns, entries: entries)
            }
        }
        bounds = Array(zip(embodiment.lowest.floats, embodiment.largest.floats))
    }

    /// The codes of every place that bring it from `start` within `limit` of `target`, both `[T · D]`.
    ///
    /// Steps from `validSteps` on, and what lies beyond anything recorded, need nothing.
    func codes(for target: [Float], from start: [Float], validSteps: Int, within limit: ErrorLimit) -> [[Int]]
    {
        var values = start
        return places.map { place in
            var codes: [Int] = []
            while codes.count < Self.limit {
                let lacking = lacking(at: place, of: target, in: values, validSteps: validSteps)
                let scalars = place.steps.clamped(to: 0 ..< validSteps).count * place.columns.count
                guard Self.lacks(lacking.values, beyond: limit, of: scalars) else { break }
                let code = place.entries.nearest(to: 0, of: lacking)
                guard code > 0 else { break }
                add(code, at: place, to: &values)
                codes.append(code)
            }
            return codes
        }
    }

    /// Adds every place's `codes` to a chunk, `[T · D]`.
    func add(_ codes: [[Int]], to values: inout [Float]) {
        for (place, codes) in zip(places, codes) {
            for code in codes { add(code, at: place, to: &values) }
        }
    }

    /// How many corrections a place chooses from; the first one is nothing.
    func count(at place: Int) -> Int { places[place].entries.count }

    private static func lacks(_ values: [Float], beyond limit: ErrorLimit, of scalars: Int) -> Bool {
        switch limit {
        case .largest(let tolerance): values.contains { Double(abs($0)) > tolerance }
        case .mean(let mean): values.reduce(0) { $0 + Double(abs($1)) } > mean * Double(scalars)
        }
    }

    private func lacking(at place: Place, of target: [Float], in values: [Float], validSteps: Int) -> Rows {
        var lacking = Rows(count: 1, width: place.entries.width)
        for step in place.steps where step < validSteps {
            for column in place.columns {
                let index = step * bounds.count + column
                let wanted = min(max(target[index], bounds[column].low), bounds[column].high)
                lacking.values[position(step, column, in: place)] = wanted - values[index]
            }
        }
        return lacking
    }

    private func add(_ code: Int, at place: Place, to values: inout [Float]) {
        place.entries.withEntry(code) { entry in
            for step in place.steps {
                for column in place.columns {
                    let index = step * bounds.count + column
                    let value = values[index] + entry[position(step, column, in: place)]
                    values[index] = min(max(value, bounds[column].low), bounds[column].high)
                }
            }
        }
    }

    private func position(_ step: Int, _ column: Int, in place: Place) -> Int {
        (step - place.steps.lowerBound) * place.columns.count + column - place.columns.lowerBound
    }
}
