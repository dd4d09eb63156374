import FASTerVQ
import Foundation
import RobotTypes
import Support
import TokenizerRegistry
import Torch

/// Smooth actions of a small robot.
enum SampleActions {
    static let horizon = 12

    /// A folder that the public FAST processor saved, for chunks of 12 steps of any robot with three columns.
    static let publicProcessor = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../ActionTokenizersTests/Golden/fast_processor").standardizedFileURL

    /// Actions of the columns of `groups`.
    ///
    /// - Parameters:
    ///   - groups: Groups of columns.
    ///   - still: Range of the third column; nil where it moves as the others do.
    ///   - transform: Transform of the normalization.
    /// - Returns: The actions.
    /// - Throws: `ActionSpaceError`.
    static func robot(
        _ groups: String = "position=0:2,gripper=2",
        still: ClosedRange<Float>? = nil,
        transform: ActionTransform? = nil
    ) throws -> RobotActions {
        let space = try ActionSpace(parsing: groups)
        let ones = [Float](repeating: 1, count: space.dimension)
        let minusOnes = ones.map { -$0 }
        var (low, high) = (minusOnes, ones)
        if let still { (low[2], high[2]) = (still.lowerBound, still.upperBound) }
        return RobotActions(
            actionSpace: space,
            normalization: Normalization(
                method: .quantiles,
                statistics: FeatureStatistics(
                    mean: ones.map { _ in 0 },
                    std: ones,
                    q01: low,
                    q99: high,
                    min: low,
                    max: high
                ),
                transform: transform
            )
        ) { horizon in
            var chunks = chunks(horizon: horizon, columns: space.dimension)
            guard let still else { return chunks }
            for index in stride(from: 2, to: chunks.values.count, by: space.dimension) {
                let fraction = Float(index % 7) / 6
                chunks.values[index] =
                    still.lowerBound + fraction * (still.upperBound - still.lowerBound)
            }
            return chunks
        }
    }

    private static func chunks(horizon: Int, columns: Int) -> ActionChunks {
        var random = SeededRandom(seed: 4)
        let values = (0 ..< 40).flatMap { _ in
            let waves = (0 ..< columns).map { _ in
                (
                    size: Float.random(in: 0.1 ... 0.9, using: &random),
                    phase: Float.random(in: 0 ... 6, using: &random)
                )
            }
            return (0 ..< horizon).flatMap { step in
                waves.map { $0.size * sin(0.3 * Float(step) + $0.phase) }
            }
        }
        return ActionChunks(count: 40, horizon: horizon, dimension: columns, values: values)
    }

    /// A small model for two robots.
    static func model() throws -> FASTerVQModel {
        let robots = ["position=0:2,gripper=2", "left_joints=0:3,right_joints=3:5"]
        let patches = try robots.map {
            PatchShape.fitting(try ActionSpace(parsing: $0), horizon: horizon)
        }
        let configuration = FASTerVQConfiguration(patches: patches[0].merging(patches[1]) { $1 })
        return FASTerVQModel(configuration, device: .cpu)
    }
}
