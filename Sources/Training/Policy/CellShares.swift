/// Places in a picture as shares of the cells of a map, a thing's adding up to 1.
enum CellShares {
    /// Shares `[places, rows · columns]` of `places`, `[places, 2]`: right and down, -1 to 1 from edge to edge.
    ///
    /// The mean of the cells' centres, weighted so, is the place, as that of a keypoint is its place. A thing outside of
    /// the picture lies in no cell.
    static func shares(of places: [Float], rows: Int, columns: Int) -> [Float] {
        var result = Array(repeating: Float(0), count: places.count / 2 * rows * columns)
        for thing in 0 ..< places.count / 2 {
            let (right, down) = (places[2 * thing], places[2 * thing + 1])
            guard abs(right) < 1, abs(down) < 1 else { continue }
            for (row, rowShare) in neighbours(down, count: rows) {
                for (column, columnShare) in neighbours(right, count: columns) {
                    result[(thing * rows + row) * columns + column] += rowShare * columnShare
                }
            }
        }
        return result
    }

    /// The two of `count` cells whose centres are nearest to `place`, and their shares.
    private static func neighbours(_ place: Float, count: Int) -> [(cell: Int, share: Float)] {
        let position = min(max((place + 1) / 2 * Float(count) - 0.5, 0), Float(count - 1))
        let first = min(Int(position), max(0, count - 2))
        let share = position - Float(first)
        return count == 1 ? [(0, 1)] : [(first, 1 - share), (first + 1, share)]
    }
}
