/// Numbers of an image, or of several, in the layout that a vision encoder reads.
public struct ImageTensor: Equatable, Sendable {
    /// Sizes of the axes.
    public let shape: [Int]

    /// Elements, row-major.
    public var values: [Float]

    /// Wraps `values` of a shape.
    public init(shape: [Int], values: [Float]) { (self.shape, self.values) = (shape, values) }
}
