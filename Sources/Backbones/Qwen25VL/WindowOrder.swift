/// Order in which Qwen2.5-VL's vision encoder reads images: window by window, so that the patches of a window lie beside
/// each other (arXiv 2502.13923, section 2.1.1).
///
/// A cell is a square of patches that become one token. Windows at the right and at the bottom are smaller where an image is
/// no multiple of a window. Before, images lie one after the other, their cells row by row.
struct WindowOrder: Equatable {
    /// Earlier index of every cell, `[cells]`.
    private(set) var cells: [Int] = []

    /// Row of every patch in its image, in the new order, `[patches]`.
    private(set) var rows: [Int] = []

    /// Column of every patch in its image, in the new order, `[patches]`.
    private(set) var columns: [Int] = []

    /// Number of patches of every window.
    private(set) var windowLengths: [Int] = []

    /// Number of patches of every image.
    private(set) var imageLengths: [Int] = []

    /// Orders the cells of images.
    ///
    /// - Parameters:
    ///   - grids: Patches of every image, whose rows and columns are multiples of `mergeSize`.
    ///   - mergeSize: Rows and columns of patches of a cell.
    ///   - windowCells: Rows and columns of cells of a window.
    init(_ grids: [ImageGrid], mergeSize: Int, windowCells: Int) {
        for grid in grids {
            let image = grid.merged(by: mergeSize)
            let first = cells.count
            for top in stride(from: 0, to: image.rows, by: windowCells) {
                for left in stride(from: 0, to: image.columns, by: windowCells) {
                    let before = rows.count
                    for row in top ..< min(top + windowCells, image.rows) {
                        for column in left ..< min(left + windowCells, image.columns) {
                            cells.append(first + row * image.columns + column)
                            appendPatches(row: row * mergeSize, column: column * mergeSize, mergeSize)
                        }
                    }
                    windowLengths.append(rows.count - before)
                }
            }
            imageLengths.append(grid.rows * grid.columns)
        }
    }

    /// Index in this order of every cell, in the earlier order, `[cells]`.
    var inverse: [Int] {
        var inverse = cells
        for (index, cell) in cells.enumerated() { inverse[cell] = index }
        return inverse
    }

    private mutating func appendPatches(row: Int, column: Int, _ size: Int) {
        for patch in 0 ..< size * size {
            rows.append(row + patch / size)
            columns.append(column + patch % size)
        }
    }
}

extension ImageGrid {
    /// Cells of `size` times `size` patches.
    func merged(by size: Int) -> ImageGrid {
        precondition(
            rows % size == 0 && columns % size == 0,
            "\(rows) x \(columns) patches are no cells of \(size) x \(size)"
        )
        return ImageGrid(rows: rows / size, columns: columns / size)
    }
}
