// Axes in this file
//   T  control steps      N  control points      D  columns

/// A clamped B-spline with evenly spaced knots, sampled at the steps of a chunk.
///
/// Clamped: the curve begins at its first control point and ends at its last.
/// Source: de Boor, A Practical Guide to Splines; BEAST (arXiv 2506.06072).
struct BSpline: Equatable, Sendable {
    /// Control points.
    let count: Int

    /// Samples, evenly spaced from the curve's beginning to its end.
    let steps: Int

    /// Weight of every control point at every step, `[T, N]`, row-major; a row sums to 1.
    let design: [Double]

    /// The curve of `count` control points; of degree 3, or less where there are fewer than four points.
    init(count: Int, steps: Int) {
        precondition(count > 0 && steps > 0, "a curve needs control points and steps")
        self.count = count
        self.steps = steps
        let degree = min(3, count - 1)
        let inner = count - degree
        let knots =
            Array(repeating: 0.0, count: degree) + (0 ... inner).map { Double($0) / Double(inner) }
            + Array(repeating: 1.0, count: degree)
        design = (0 ..< steps).flatMap { step in
            Self.weights(at: steps > 1 ? Double(step) / Double(steps - 1) : 0, knots, degree: degree)
        }
    }

    /// Weights of all control points at `position` in `0 ... 1`: the Cox-de Boor recursion.
    private static func weights(at position: Double, _ knots: [Double], degree: Int) -> [Double] {
        // The curve's end belongs to the last span that is not empty.
        let last = knots.count - degree - 2
        let span = (degree ... last).last { knots[$0] <= position } ?? degree
        var weights = knots.indices.dropLast().map { $0 == span ? 1.0 : 0.0 }
        func ratio(_ part: Double, of whole: Double) -> Double { whole > 0 ? part / whole : 0 }
        for order in stride(from: 1, through: degree, by: 1) {
            weights = (0 ..< weights.count - 1).map { index in
                let rising = ratio(position - knots[index], of: knots[index + order] - knots[index])
                let falling = ratio(
                    knots[index + order + 1] - position,
                    of: knots[index + order + 1] - knots[index + 1]
                )
                return rising * weights[index] + falling * weights[index + 1]
            }
        }
        return weights
    }

    /// The curve at every step, `[T, D]`, of control points `[N, D]`.
    func samples(_ points: [Double], columns: Int) -> [Float] {
        Self.product(design, points, inner: count, columns: columns).map { Float($0) }
    }

    /// The map from samples, `[T, D]`, to the control points that fit them, as a matrix `[N, T]`: ridge regression.
    func fitting(ridge: Double) -> [Double] {
        var normal = [Double](repeating: 0, count: count * count)
        for row in 0 ..< count {
            for column in 0 ..< count {
                for step in 0 ..< steps {
                    normal[row * count + column] += design[step * count + row] * design[step * count + column]
                }
            }
            normal[row * count + row] += ridge
        }
        var right = (0 ..< count).flatMap { row in (0 ..< steps).map { design[$0 * count + row] } }
        Self.solve(&normal, &right, size: count, columns: steps)
        return right
    }

    /// `left`, `[rows, inner]`, times `right`, `[inner, columns]`.
    static func product(_ left: [Double], _ right: [Double], inner: Int, columns: Int) -> [Double] {
        let rows = left.count / inner
        var result = [Double](repeating: 0, count: rows * columns)
        for row in 0 ..< rows {
            for index in 0 ..< inner where left[row * inner + index] != 0 {
                for column in 0 ..< columns {
                    result[row * columns + column] +=
                        left[row * inner + index] * right[index * columns + column]
                }
            }
        }
        return result
    }

    /// Overwrites `right`, `[size, columns]`, with the solution of `matrix` · x = `right`.
    ///
    /// A symmetric matrix made positive by the ridge needs no pivoting.
    private static func solve(_ matrix: inout [Double], _ right: inout [Double], size: Int, columns: Int) {
        for pivot in 0 ..< size {
            let scale = 1 / matrix[pivot * size + pivot]
            for index in pivot ..< size { matrix[pivot * size + index] *= scale }
            for index in 0 ..< columns { right[pivot * columns + index] *= scale }
            for row in 0 ..< size where row != pivot {
                let factor = matrix[row * size + pivot]
                for index in pivot ..< size {
                    matrix[row * size + index] -= factor * matrix[pivot * size + index]
                }
                for index in 0 ..< columns {
                    right[row * columns + index] -= factor * right[pivot * columns + index]
                }
            }
        }
    }
}
