internal import Torch

extension Tensor {
    /// Square grids of image patches, `[N, P, channels]`, with `factor` × `factor` neighbours joined into one token row by
    /// row: `[N, P / factor², factor² · channels]`.
    ///
    /// InternVL (arXiv 2404.16821) and SmolVLM (arXiv 2504.05299) call it pixel shuffle.
    func pixelShuffled(by factor: Int) -> Tensor {
        let (count, channels) = (size(1), size(2))
        let side = Int(Double(count).squareRoot().rounded())
        precondition(
            side * side == count && side % factor == 0,
            "\(count) patches are no square grid of \(factor) × \(factor) cells"
        )
        let cells = side / factor
        return reshaped(-1, cells, factor, cells, factor, channels).permuted(0, 1, 3, 2, 4, 5)
            .reshaped(-1, cells * cells, factor * factor * channels)
    }
}
