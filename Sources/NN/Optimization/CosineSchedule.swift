internal import Foundation

/// A learning rate that rises linearly, then falls along half a cosine.
public struct CosineSchedule: Codable, Equatable, Sendable {
    /// Steps until the peak.
    public var warmUpSteps: Int

    /// Steps of the whole training.
    public var totalSteps: Int

    /// Share of the peak that is left at the end.
    public var floor: Double

    /// Creates a schedule over `totalSteps`.
    public init(warmUpSteps: Int, totalSteps: Int, floor: Double = 0) {
        self.warmUpSteps = warmUpSteps
        self.totalSteps = totalSteps
        self.floor = floor
    }

    /// Share of the peak rate at `step`, counted from 0.
    public func factor(at step: Int) -> Double {
        if step < warmUpSteps { return Double(step + 1) / Double(warmUpSteps) }
        let progress = Double(step - warmUpSteps) / Double(max(1, totalSteps - warmUpSteps))
        return floor + (1 - floor) * 0.5 * (1 + cos(.pi * min(1, progress)))
    }
}
