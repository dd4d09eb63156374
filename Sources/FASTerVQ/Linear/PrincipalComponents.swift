internal import ActionTokenizers
internal import Torch

/// Principal components of some columns of chunks (Karhunen–Loève transform): unlike the DCT of every column, they know which
/// joints move together.
struct PrincipalComponents {
    /// Fraction of the covariance that is taken from its diagonal in the basis of the DCT (shrinkage): with few episodes, it is
    /// uncertain which joints move together.
    private static let shrinkage = 0.1

    /// Variance of every component, falling.
    let variances: [Double]

    /// Orthonormal rows, `[components, T · D]`.
    private let matrix: Tensor

    /// Finds the components of chunks whose mean is 0.
    ///
    /// The covariance is shrunk towards its diagonal in the basis of the DCT along time, where smooth motion is almost
    /// uncorrelated.
    ///
    /// - Parameters:
    ///   - chunks: `[n, T, D]`.
    ///   - columns: Columns of an action that the components are of.
    init(of chunks: Tensor, columns: [Int]) {
        let (count, horizon, dimension, device) = (
            chunks.size(0), chunks.size(1), chunks.size(2), chunks.device
        )
        let dct = Tensor(
            DiscreteCosineTransform(length: horizon).matrix,
            shape: [horizon, horizon],
            device: device
        )
        let picks = Tensor(columns, device: device)
        let coefficients = dct.matmul(chunks.gathering(picks, axis: 2)).reshaped(count, -1)
        let sample = (coefficients.transposed(0, 1).matmul(coefficients) / Double(count)).to(.float64)
        let covariance = sample * (1 - Self.shrinkage) + sample.keepingDiagonal() * Self.shrinkage
        let (values, vectors) = covariance.symmetricEigen()
        // Rising order becomes falling.
        let order = Tensor(Array((0 ..< values.size(0)).reversed()), device: device)
        variances = values.gathering(order, axis: 0).to(.float32).floats.map { Double(max($0, 0)) }
        let rows = vectors.transposed(0, 1).gathering(order, axis: 0).to(.float32)
        let steps = dct.transposed(0, 1).matmul(rows.reshaped(rows.size(0), horizon, columns.count))
        let whole = Tensor.zeros([rows.size(0), horizon, dimension], device: device)
        whole.indexAddInPlace(axis: 2, picks, steps)
        matrix = whole.reshaped(rows.size(0), -1)
    }

    /// The components at `indices`, `[indices, T · D]`.
    func rows(_ indices: [Int]) -> Tensor {
        matrix.gathering(Tensor(indices, device: matrix.device), axis: 0)
    }

    /// Bases of `positionCount` latent positions of `bitsPerPosition` bits each, `[components, T · D]` of every position.
    func bases(ofPositions positionCount: Int, bitsPerPosition: Double) -> [Tensor] {
        RateAllocation(variances: variances, total: bitsPerPosition * Double(positionCount))
            .components(ofPositions: positionCount).map(rows)
    }
}
