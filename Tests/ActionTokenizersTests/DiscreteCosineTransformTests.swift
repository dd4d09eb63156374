import Foundation
import PythonPeer
import Testing

@testable import ActionTokenizers

@Suite("Discrete cosine transform")
struct DiscreteCosineTransformTests {
    @Test("is orthonormal", arguments: [1, 2, 7, 16, 50])
    func orthonormal(length: Int) {
        let matrix = DiscreteCosineTransform(length: length).matrix
        for row in 0 ..< length {
            for other in 0 ..< length {
                let product = (0 ..< length).reduce(0.0) {
                    $0 + Double(matrix[row * length + $1]) * Double(matrix[other * length + $1])
                }
                #expect(abs(product - (row == other ? 1 : 0)) < 1e-6)
            }
        }
    }

    private struct Case: Decodable {
        let length: Int
        let columns: Int
        let samples: [Float]
        let coefficients: [Double]
    }

    @Test("agrees with NumPy's FFT, and goes back to the samples")
    func numpy() async throws {
        let cases = try JSONDecoder().decode([Case].self, from: await PythonPeer.run("dct.py"))
        #expect(cases.count == 5)
        for example in cases {
            let transform = DiscreteCosineTransform(length: example.length)
            let ours = transform.coefficients(example.samples[...], columns: example.columns)
            try #require(ours.count == example.length * example.columns)
            try #require(example.coefficients.count == ours.count && example.samples.count == ours.count)
            for (one, other) in zip(ours, example.coefficients) { #expect(abs(one - other) < 1e-6) }
            let back = transform.samples(ours, columns: example.columns)
            try #require(back.count == ours.count)
            for (one, other) in zip(back, example.samples) { #expect(abs(one - other) < 1e-6) }
        }
    }

    @Test("puts a constant into the first coefficient only")
    func constant() {
        let coefficients = DiscreteCosineTransform(length: 4).coefficients([1, 1, 1, 1], columns: 1)
        #expect(abs(coefficients[0] - 2) < 1e-6)
        #expect(coefficients[1...].allSatisfy { abs($0) < 1e-6 })
    }
}
