import Foundation
import RobotTypes
import Support

/// Recorded chunks of a small arm whose joints move together, with a gripper that opens and closes.
enum LinearSamples {
    static let horizon = 16

    static let space = "joints=0:4,gripper=4"

    /// All chunks of `episodes` episodes of 40 steps, normalised.
    static func chunks(episodes: Int, seed: UInt64 = 1) -> ActionChunks {
        var random = SeededRandom(seed: seed)
        var (values, validSteps): ([Float], [Int]) = ([], [])
        for _ in 0 ..< episodes {
            let rows = episode(&random)
            for start in rows.indices {
                validSteps.append(min(horizon, rows.count - start))
                for step in 0 ..< horizon { values += rows[min(start + step, rows.count - 1)] }
            }
        }
        return ActionChunks(
            count: validSteps.count,
            horizon: horizon,
            dimension: 5,
            values: values,
            validSteps: validSteps
        )
    }

    private static func episode(_ random: inout SeededRandom) -> [[Float]] {
        let (a, b) = (
            Float.random(in: -0.7 ... 0.7, using: &random), Float.random(in: -0.7 ... 0.7, using: &random)
        )
        let (rate, phase) = (
            Float.random(in: 0.05 ... 0.15, using: &random), Float.random(in: 0 ... 6, using: &random)
        )
        let grasp = Int.random(in: 10 ..< 30, using: &random)
        return (0 ..< 40).map { step in
            let wave = 0.3 * sin(rate * Float(step) + phase)
            return [a + wave, b - wave, 0.5 * (a + b) + 0.5 * wave, 0.25, step < grasp ? -1 : 1]
        }
    }

    /// A range from -1 to 1 in every column, but a constant fourth.
    static var normalization: Normalization {
        let (low, high): ([Float], [Float]) = ([-1, -1, -1, 0.25, -1], [1, 1, 1, 0.25, 1])
        let zeros = [Float](repeating: 0, count: 5)
        return Normalization(
            method: .quantiles,
            statistics: FeatureStatistics(mean: zeros, std: zeros, q01: low, q99: high, min: low, max: high)
        )
    }

    /// The chunks as the normalization maps them.
    static func normalizedChunks(episodes: Int, seed: UInt64 = 1) -> ActionChunks {
        var chunks = chunks(episodes: episodes, seed: seed)
        chunks.values = normalization.normalized(chunks.values)
        return chunks
    }
}
