internal import Foundation
public import RobotTypes

/// Robot states as small integers: normalised to about [-1, 1], then cut into even bins (paper, FASTerVLA 2).
public struct StateTokenizer: Sendable {
    /// How states are normalised.
    public let normalization: Normalization

    /// Number of bins over [-1, 1]; values outside fall into the first or the last.
    public let binCount: Int

    /// Creates a tokenizer of `binCount` bins.
    public init(normalization: Normalization, binCount: Int) {
        self.normalization = normalization
        self.binCount = binCount
    }

    /// The bin of every value: rows in the robot's units, `[n, stateDimension]`, to as many integers.
    public func bins(for states: [Float]) -> [Int] {
        normalization.normalized(states).map { value in
            // Moved into range before the conversion, which traps beyond the range of integers.
            Int(min(Float(binCount - 1), max(0, ((value + 1) / 2 * Float(binCount)).rounded(.down))))
        }
    }
}
