import Foundation
import RobotTypes

/// Numbers that look random and are the same on every machine.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

extension Normalization {
    /// `-1 ... 1` in `columns` columns, which every method but `mean_std` leaves as they are.
    static func unit(_ columns: Int, method: Method = .quantiles) -> Normalization {
        func all(_ value: Float) -> [Float] { Array(repeating: value, count: columns) }
        return Normalization(
            method: method,
            statistics: FeatureStatistics(
                mean: all(0),
                std: all(1),
                q01: all(-1),
                q99: all(1),
                min: all(-1),
                max: all(1)
            )
        )
    }
}

extension ActionChunks {
    /// Smooth motions in all columns but the last, a gripper that closes once; within [-1, 1].
    static func smooth(_ count: Int, horizon: Int = 16, columns: Int = 4, seed: UInt64 = 1) -> ActionChunks {
        var numbers = Numbers(state: seed &* 0x9e37_79b9_7f4a_7c15)
        func uniform(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &numbers) }
        var values: [Float] = []
        for _ in 0 ..< count {
            let motions = (1 ..< columns).map { _ in
                (
                    start: uniform(-0.6 ... 0.6), slope: uniform(-0.5 ... 0.5), size: uniform(0 ... 0.3),
                    phase: uniform(0 ... 6)
                )
            }
            let closing = Int(uniform(0 ... Float(3 * horizon)))
            for step in 0 ..< horizon {
                let time = Float(step) / Float(horizon)
                for motion in motions {
                    let wave = motion.size * sin(5 * time + motion.phase)
                    values.append(max(-1, min(1, motion.start + motion.slope * time + wave)))
                }
                values.append(step < closing ? -1 : 1)
            }
        }
        return ActionChunks(count: count, horizon: horizon, dimension: columns, values: values)
    }
}
