internal import ActionTokenizers
internal import Torch

extension Codewords {
    /// Joins the codebooks of latent positions, padding narrower vectors with zeros.
    ///
    /// - Parameter tables: Entries of every latent position, `[codebooks, K, its width]`.
    init(padding tables: [Tensor]) {
        let width = tables.map { $0.size(2) }.max() ?? 0
        let padded = Tensor.stacked(tables.map { $0.padded([0, width - $0.size(2)]) }, axis: 1)
        self.init(
            codebookCount: padded.size(0),
            latentPositionCount: padded.size(1),
            codebookSize: padded.size(2),
            width: width,
            values: padded.floats
        )
    }
}
