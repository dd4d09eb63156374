internal import RobotTypes
internal import Torch

/// Chunks of several robots side by side in one batch, though their grids have different numbers of places.
///
/// Only places that pass through the network are in it. Shorter grids are filled up with places that nothing attends
/// to.
struct PlaceGrid {
    /// How each robot's chunks are cut.
    let patchifiers: [ActionPatchifier]

    /// Which places exist, bool `[ΣB, 1, 1, N]`; nil where all do.
    let mask: Tensor?

    private let rows: [Int]
    private let places: Int

    /// Prepares a batch that holds `rows` chunks of every robot.
    init(_ patchifiers: [ActionPatchifier], rows: [Int], device: Device) {
        self.patchifiers = patchifiers
        self.rows = rows
        let counts = patchifiers.map(\.learnedPlaceCount)
        let places = counts.max() ?? 0
        self.places = places
        guard counts.contains(where: { $0 < places }) else {
            mask = nil
            return
        }
        let exist = zip(rows, counts).flatMap { rows, count in
            Array(repeating: (0 ..< places).map { Float($0 < count ? 1 : 0) }, count: rows).flatMap { $0 }
        }
        mask = Tensor(exist, shape: [rows.reduce(0, +), 1, 1, places], device: device).greater(0)
    }

    /// Where the places of `kind` are among all places of all chunks, `[ΣB · N]`.
    func rows(of kind: ActionSpace.Kind) -> [Int] {
        var result: [Int] = []
        var first = 0
        for (rows, patchifier) in zip(rows, patchifiers) {
            let kinds = patchifier.learned.flatMap { Array(repeating: $0.kind, count: $0.places) }
            let own = kinds.indices.filter { kinds[$0] == kind }
            for row in first ..< first + rows { result += own.map { row * places + $0 } }
            first += rows
        }
        return result
    }

    /// Every robot's `[B, its places, C]`, or `[its places, C]` for all its chunks, as one `[ΣB, N, C]`.
    func joined(_ parts: [Tensor]) -> Tensor {
        let filled = zip(parts, rows).map { part, rows in
            let missing = places - part.size(-2)
            let whole = missing > 0 ? part.padded([0, 0, 0, missing]) : part
            return whole.shape.count == 2 && parts.count > 1
                ? whole.unsqueezed(0).expanded([rows, places, part.size(-1)]) : whole
        }
        return filled.count == 1 ? filled[0] : .concatenated(filled, axis: 0)
    }

    /// `[ΣB, N, ...]` as every robot's `[B, its places, ...]`.
    func split(_ whole: Tensor) -> [Tensor] {
        guard rows.count > 1 else { return [whole] }
        return zip(whole.split(sizes: rows, axis: 0), patchifiers).map { part, patchifier in
            part.narrowed(1, from: 0, count: patchifier.learnedPlaceCount)
        }
    }
}

extension Embodiment {
    /// The grid of `count` chunks of this robot alone.
    func grid(_ count: Int) -> PlaceGrid { PlaceGrid([patchifier], rows: [count], device: lowest.device) }
}
