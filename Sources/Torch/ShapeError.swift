/// A tensor that does not have the shape its receiver asked for.
public struct ShapeError: Error, Equatable, CustomStringConvertible {
    /// Name of the tensor as the receiver documents it.
    public let tensor: String

    /// Axis names and fixed sizes, for example `"B N 64"`.
    public let expected: String

    /// The shape that arrived.
    public let actual: [Int]

    /// For example `latents: expected shape [B N 64], got [2, 5, 3]`.
    public var description: String {
        "\(tensor): expected shape [\(expected)], got \(actual)"
    }
}

extension Tensor {
    /// Checks the shape against a pattern and returns the size of every axis.
    ///
    /// ```swift
    /// let size = try actions.sizes("B T 7", of: "actions")
    /// let steps = size[1]
    /// ```
    ///
    /// - Parameters:
    ///   - pattern: One word per axis. A number fixes the size; a name that occurs twice must
    ///     have the same size both times.
    ///   - tensor: The name the error message gives to this tensor.
    /// - Returns: The shape, now known to match.
    /// - Throws: ``ShapeError`` when the rank, a fixed size or a repeated name does not match.
    @discardableResult
    public func sizes(_ pattern: String, of tensor: String) throws(ShapeError) -> [Int] {
        let axes = pattern.split(separator: " ")
        let shape = self.shape
        var known: [Substring: Int] = [:]
        let matches =
            axes.count == shape.count
            && zip(axes, shape).allSatisfy { axis, size in
                let expected = Int(axis) ?? known[axis, default: size]
                known[axis] = size
                return expected == size
            }
        guard matches else { throw ShapeError(tensor: tensor, expected: pattern, actual: shape) }
        return shape
    }
}
