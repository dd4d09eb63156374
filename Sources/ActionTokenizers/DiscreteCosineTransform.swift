internal import Foundation

/// The orthonormal DCT-II along time and its inverse, DCT-III.
public struct DiscreteCosineTransform: Equatable, Sendable {
    /// Samples.
    public let length: Int

    /// `[length, length]`, row-major: row k holds the cosine of frequency k. Its transpose is its inverse.
    public let matrix: [Float]

    /// The transform of `length` samples.
    public init(length: Int) {
        self.length = length
        matrix = (0 ..< length * length).map { index in
            let (frequency, sample) = (index / length, index % length)
            let scale = ((frequency == 0 ? 1.0 : 2.0) / Double(length)).squareRoot()
            return Float(scale * cos(.pi * (Double(sample) + 0.5) * Double(frequency) / Double(length)))
        }
    }
}
