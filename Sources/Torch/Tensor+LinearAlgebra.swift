private enum LinearAlgebra {
    static let eigh = Operator("aten::linalg_eigh")
    static let diagonal = Operator("aten::diagonal")
    static let diagonalEmbedding = Operator("aten::diag_embed")
}

extension Tensor {
    /// Eigenvalues of a symmetric matrix, `[n, n]`, in rising order, `[n]`, and its eigenvectors as columns, `[n, n]`.
    public func symmetricEigen() -> (values: Tensor, vectors: Tensor) {
        let results = LinearAlgebra.eigh.results(.tensor(self), .text("L"))
        return (results[0], results[1])
    }

    /// The matrix, `[n, n]`, with zeros off its diagonal.
    public func keepingDiagonal() -> Tensor {
        LinearAlgebra.diagonalEmbedding(.tensor(LinearAlgebra.diagonal(.tensor(self))))
    }
}
