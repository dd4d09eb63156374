internal import Backbones
internal import CKernels
internal import Foundation
internal import NN
internal import Torch

/// `Keypoints` of one image.
struct PackedKeypoints: Sendable {
    private let norm: PackedShiftedNorm
    private let queries: [Float]
    private let instructionQueries: PackedLinear
    private let projection: PackedLinear
    private let embedding: [Float]
    private let centres: [Float]

    /// Packs the present weights of `keypoints`.
    init(_ keypoints: Keypoints) {
        norm = PackedShiftedNorm(keypoints.norm)
        queries = keypoints.queries.floats
        instructionQueries = PackedLinear(keypoints.instructionQueries)
        projection = PackedLinear(keypoints.projection)
        embedding = keypoints.embedding.weight.floats
        centres = keypoints.cellCentres.floats
    }

    /// Keypoints of one image.
    struct Output {
        /// `[K, width]`.
        let tokens: Rows
        /// `[K, 2]`.
        let positions: Rows
        /// `[K, C]`.
        let features: Rows
    }

    /// Keypoints in a map, `[cells, C]`, for an instruction embedding, `[1, width]`.
    func callAsFunction(_ map: Rows, instruction: Rows) -> Output {
        let cells = norm(map)
        var asked = instructionQueries(instruction).regrouped(width: map.width)
        for index in queries.indices { asked.values[index] += queries[index] }
        var features = Rows(count: asked.count, width: map.width)
        var positions = Rows(count: asked.count, width: 2)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: PackedLinear.filled(map.count)) { scores in
            features.values.withUnsafeMutableBufferPointer { features in
                positions.values.withUnsafeMutableBufferPointer { positions in
                    guard let scores = scores.baseAddress, let features = features.baseAddress,
                        let positions = positions.baseAddress
                    else { return }
                    kernel_locate(
                        asked.values,
                        asked.count,
                        cells.values,
                        centres,
                        map.count,
                        map.width,
                        scores,
                        features,
                        positions
                    )
                }
            }
        }
        let fourier = positions.fourierFeatures(count: Keypoints.frequencyCount)
        var tokens = projection(features.beside(fourier))
        for index in embedding.indices { tokens.values[index] += embedding[index] }
        return Output(tokens: tokens, positions: positions, features: features)
    }
}

extension Rows {
    /// Fourier features of every row, `[count, 2 · frequencies · width]`, in the order of `FourierFeatures`.
    func fourierFeatures(count frequencies: Int) -> Rows {
        let features = (0 ..< count).flatMap { row in
            let numbers = values[row * width ..< (row + 1) * width]
            return (0 ..< frequencies).flatMap { index in
                let angles = numbers.map { $0 * Float(Double.pi / 2 * Double(1 << index)) }
                return angles.map(sin) + angles.map(cos)
            }
        }
        return Rows(features, width: 2 * frequencies * width)
    }
}
