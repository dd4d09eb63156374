internal import Foundation

/// Bits of independent components by reverse water-filling: a component gets ½ log₂(variance / distortion) bits, or none where
/// its variance is below the distortion.
///
/// Source: Cover and Thomas, Elements of Information Theory, parallel Gaussian source.
struct RateAllocation: Equatable {
    /// Fewer bits than these are not worth a component's place in a codebook.
    private static let minimumBits = 0.01

    /// Bits of every component.
    let bits: [Double]

    /// Bits of all components.
    var total: Double { bits.reduce(0, +) }

    /// Allocates as many bits as a mean squared error of `distortion` a component takes.
    init(variances: [Double], distortion: Double) {
        bits = variances.map { 0.5 * log2(max($0 / distortion, 1)) }
    }

    /// Allocates `total` bits.
    init(variances: [Double], total: Double) {
        // Constant chunks need none.
        let largest = max(variances.max() ?? 0, .leastNormalMagnitude)
        // Bits fall as the distortion grows: bisection on its logarithm.
        var (low, high) = (log(largest) - 2 * total * log(2) - 1, log(largest))
        for _ in 0 ..< 100 {
            let middle = (low + high) / 2
            let allocation = RateAllocation(variances: variances, distortion: exp(middle))
            if allocation.total > total { low = middle } else { high = middle }
        }
        self.init(variances: variances, distortion: exp(high))
    }

    /// Assigns the components that get bits to `count` latent positions, so that each carries about as many bits.
    ///
    /// Source: optimized product quantization, eigenvalue allocation (arXiv 1311.4055, parametric solution).
    ///
    /// - Returns: Indices of the components of every position.
    func components(ofPositions count: Int) -> [[Int]] {
        var positions = [[Int]](repeating: [], count: count)
        var sums = [Double](repeating: 0, count: count)
        let order = bits.indices.filter { bits[$0] >= Self.minimumBits }
            .sorted { (bits[$1], $0) < (bits[$0], $1) }
        for component in order {
            let least = sums.indices.min { (sums[$0], $0) < (sums[$1], $1) } ?? 0
            positions[least].append(component)
            sums[least] += bits[component]
        }
        return positions
    }
}
