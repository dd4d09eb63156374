internal import Torch

extension PromptLayout {
    /// Lays out the tokens of `input` by positions of time, row and column.
    ///
    /// - Parameters:
    ///   - input: Prompts, with the grids of their images in the order of their tokens.
    ///   - placeholder: Token id that stands for a cell of an image.
    ///   - mergeSize: Rows and columns of patches of a cell.
    init(_ input: PrefixInput, placeholder: Int, mergeSize: Int) {
        let positions = MultimodalPositions(input, placeholder: placeholder, mergeSize: mergeSize)
        let (shape, device) = (input.tokens.shape, input.tokens.device)
        self.init(
            positions: Tensor(positions.axes.flatMap { $0 }, shape: [3] + shape, device: device),
            nextPosition: Tensor(positions.next, shape: [shape[0]], device: device),
            isSeen: positions.isSeen.contains(false)
                ? Tensor(positions.isSeen, shape: shape, device: device) : nil
        )
    }
}

/// Positions of prompts' tokens by time, row and column (M-RoPE, arXiv 2409.12191, section 2.1).
///
/// A word has the same position by time, row and column. The cells of an image share the time at which it begins, and count
/// rows and columns from there; words go on after its longer side. What is masked has position 0 and takes up none.
struct MultimodalPositions {
    /// Positions by time, by row and by column, each of all tokens of all prompts, `[3][B · L]`.
    private(set) var axes: [[Int]]

    /// Position of the token after every prompt, `[B]`.
    private(set) var next: [Int] = []

    /// True for tokens that others attend to: no padding, no image that is absent, `[B · L]`.
    private(set) var isSeen: [Bool]

    /// Lays out the tokens of `input`.
    ///
    /// - Parameters:
    ///   - input: Prompts, with the grids of their images in the order of their tokens.
    ///   - placeholder: Token id that stands for a cell of an image.
    ///   - mergeSize: Rows and columns of patches of a cell.
    init(_ input: PrefixInput, placeholder: Int, mergeSize: Int) {
        let prompts = input.hostPrompts
        let tokens = prompts.tokens
        let length = input.tokens.size(1)
        axes = Array(repeating: [Int](repeating: 0, count: tokens.count), count: 3)
        isSeen = prompts.isReal ?? tokens.map { _ in true }
        let hasImage = prompts.hasImage
        precondition(
            hasImage.map { $0.count == input.grids.count } ?? true,
            "\(hasImage?.count ?? 0) cameras, and grids of \(input.grids.count) images"
        )
        var grids = input.grids.enumerated().makeIterator()
        for row in 0 ..< input.tokens.size(0) {
            var (index, position) = (row * length, 0)
            while index < (row + 1) * length {
                guard tokens[index] == placeholder else {
                    place(index, position, position, position)
                    position += isSeen[index] ? 1 : 0
                    index += 1
                    continue
                }
                guard let (image, patches) = grids.next() else {
                    preconditionFailure(
                        "prompts have more placeholders than their \(input.grids.count) images"
                    )
                }
                let grid = patches.merged(by: mergeSize)
                let cells = index ..< index + grid.rows * grid.columns
                precondition(
                    cells.upperBound <= (row + 1) * length && cells.allSatisfy { tokens[$0] == placeholder },
                    "an image of \(cells.count) cells has fewer placeholders"
                )
                if let hasImage, !hasImage[image] {
                    for cell in cells { isSeen[cell] = false }
                }
                for (cell, index) in cells.enumerated() {
                    let (row, column) = (cell / grid.columns, cell % grid.columns)
                    place(index, position, position + row, position + column)
                }
                position += isSeen[index] ? max(grid.rows, grid.columns) : 0
                index = cells.upperBound
            }
            next.append(position)
        }
        precondition(grids.next() == nil, "prompts have fewer placeholders than their images have cells")
    }

    /// Gives a token its position, unless it is masked.
    private mutating func place(_ index: Int, _ time: Int, _ row: Int, _ column: Int) {
        guard isSeen[index] else { return }
        (axes[0][index], axes[1][index], axes[2][index]) = (time, row, column)
    }
}
