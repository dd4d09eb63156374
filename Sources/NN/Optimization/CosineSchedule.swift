internal import Foundation

/// Learning-rate schedule: linear warm-up, then cosine decay (arXiv 1608.03983).
public struct CosineSchedule: Codable, Equatable, Sendable {
    /// Number of steps until the peak.
    public var warmUpSteps: Int

    /// Number of steps of the training.
    public var totalSteps: Int

    /// Fraction of the peak at the end.
    public var floor: Double

    /// Creates a schedule over `totalSteps`.
    public init(warmUpSteps: Int, totalSteps: Int, floor: Double = 0) {
        self.warmUpSteps = warmUpSteps
        self.totalSteps = totalSteps
        self.floor = floor
    }

    /// Fraction of the peak rate at `step`, counted from 0.
    public func factor(at step: Int) -> Double {
        if step < warmUpSteps { return Double(step + 1) / Double(warmUpSteps) }
        let progress = Double(step - warmUpSteps) / Double(max(1, totalSteps - warmUpSteps))
        return floor + (1 - floor) * 0.5 * (1 + cos(.pi * min(1, progress)))
    }
}
