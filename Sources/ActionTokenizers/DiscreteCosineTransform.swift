internal import Foundation

/// The orthonormal DCT-II along time and its inverse, DCT-III.
public struct DiscreteCosineTransform: Equatable, Sendable {
    /// Samples.
    public let length: Int

    /// `[length, length]`, row-major: row k holds the cosine of frequency k.
    ///
    /// Its transpose is its inverse.
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

extension DiscreteCosineTransform {
    /// Coefficients of every column of `[length, columns]`, row-major, low frequencies first.
    public func coefficients(_ samples: ArraySlice<Float>, columns: Int) -> [Float] {
        product(samples, columns: columns) { frequency, sample in matrix[frequency * length + sample] }
    }

    /// The samples of ``coefficients(_:columns:)``.
    public func samples(_ coefficients: ArraySlice<Float>, columns: Int) -> [Float] {
        product(coefficients, columns: columns) { sample, frequency in matrix[frequency * length + sample] }
    }

    private func product(_ input: ArraySlice<Float>, columns: Int, _ entry: (Int, Int) -> Float) -> [Float] {
        precondition(input.count == length * columns, "the transform takes \(length) rows")
        var output = [Float](repeating: 0, count: input.count)
        for row in 0 ..< length {
            for inner in 0 ..< length {
                let factor = entry(row, inner)
                for column in 0 ..< columns {
                    output[row * columns + column] +=
                        factor * input[input.startIndex + inner * columns + column]
                }
            }
        }
        return output
    }
}
