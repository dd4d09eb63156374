internal import Torch

/// Measures stages that follow each other, the device's work included.
///
/// A GPU works through a queue: without waiting for it, one stage's work would count as the next one's.
struct Stopwatch {
    private let device: Device
    private var start = ContinuousClock.now

    /// Starts to measure work on `device`.
    init(_ device: Device) { self.device = device }

    /// The time since the start, or since the lap before.
    mutating func lap() -> Duration {
        device.synchronize()
        let now = ContinuousClock.now
        defer { start = now }
        return now - start
    }
}
