internal import Foundation

/// The orthonormal DCT-II along time and its inverse, DCT-III.
public struct DiscreteCosineTransform: Equatable, Sendable {
    /// Samples.
    public let length: Int

    /// The transform as a matrix, `[length, length]`, row-major: row k holds the cosine of frequency k.
    ///
    /// Its transpose is its inverse.
    public var matrix: [Float] { cosines.map { Float($0) } }

    /// ``matrix`` in double precision, so that sums do not move coefficients across a rounding boundary.
    private let cosines: [Double]

    /// The transform of `length` samples.
    public init(length: Int) {
        self.length = length
        cosines = (0 ..< length * length).map { index in
            let (frequency, sample) = (index / length, index % length)
            let scale = ((frequency == 0 ? 1.0 : 2.0) / Double(length)).squareRoot()
            return scale * cos(.pi * (Double(sample) + 0.5) * Double(frequency) / Double(length))
        }
    }
}

extension DiscreteCosineTransform {
    /// Coefficients of every column of `[length, columns]`, row-major, low frequencies first.
    func coefficients(_ samples: ArraySlice<Float>, columns: Int) -> [Double] {
        product(samples.map(Double.init), columns: columns, rowStride: length, innerStride: 1)
    }

    /// The samples of ``coefficients(_:columns:)``, `[length, columns]`.
    func samples(_ coefficients: [Double], columns: Int) -> [Float] {
        product(coefficients, columns: columns, rowStride: 1, innerStride: length).map { Float($0) }
    }

    private func product(_ input: [Double], columns: Int, rowStride: Int, innerStride: Int) -> [Double] {
        precondition(input.count == length * columns, "the transform takes \(length) rows")
        var output = [Double](repeating: 0, count: input.count)
        for row in 0 ..< length {
            for inner in 0 ..< length {
                let factor = cosines[row * rowStride + inner * innerStride]
                for column in 0 ..< columns {
                    output[row * columns + column] += factor * input[inner * columns + column]
                }
            }
        }
        return output
    }
}
