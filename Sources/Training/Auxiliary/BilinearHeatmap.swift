/// Bilinear target heatmaps: image positions spread over the four nearest cells of a map.
///
/// The mean of the cells' centres, weighted by the heatmap, is the position, as it is for a keypoint's soft-argmax.
enum BilinearHeatmap {
    /// Heatmaps `[n, rows · columns]` of `positions`, `[n, 2]`: right and down, -1 to 1 from edge to edge.
    ///
    /// A heatmap adds up to 1, and to 0 where the position is outside of the image.
    static func heatmaps(of positions: [Float], rows: Int, columns: Int) -> [Float] {
        var result = Array(repeating: Float(0), count: positions.count / 2 * rows * columns)
        for index in 0 ..< positions.count / 2 {
            let (right, down) = (positions[2 * index], positions[2 * index + 1])
            guard abs(right) < 1, abs(down) < 1 else { continue }
            for (row, rowWeight) in neighbours(down, count: rows) {
                for (column, columnWeight) in neighbours(right, count: columns) {
                    result[(index * rows + row) * columns + column] += rowWeight * columnWeight
                }
            }
        }
        return result
    }

    /// The two of `count` cells whose centres are nearest to `position`, with their weights.
    private static func neighbours(_ position: Float, count: Int) -> [(cell: Int, weight: Float)] {
        let index = min(max((position + 1) / 2 * Float(count) - 0.5, 0), Float(count - 1))
        let first = min(Int(index), max(0, count - 2))
        let weight = index - Float(first)
        return count == 1 ? [(0, 1)] : [(first, 1 - weight), (first + 1, weight)]
    }
}
