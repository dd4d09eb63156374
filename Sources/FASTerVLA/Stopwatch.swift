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

/// Latencies of forwards that follow each other, which a GPU notes itself: the host queues one after the other without waiting.
struct ForwardTimes {
    private let device: Device
    private var stopwatch: Stopwatch
    private var times: [Duration] = []
    /// Ends of the forwards, after their beginning; empty where the host waits.
    private var events: [StreamEvent] = []

    /// Starts to measure; with `waits`, the host knows each latency at once.
    init(_ device: Device, waits: Bool) {
        self.device = device
        stopwatch = Stopwatch(device)
        if !waits, let event = StreamEvent(on: device) { events.append(event) }
    }

    /// Ends a forward: its latency, or nil where it is known at the end only.
    mutating func lap() -> Duration? {
        guard events.isEmpty else {
            StreamEvent(on: device).map { events.append($0) }
            return nil
        }
        let time = stopwatch.lap()
        times.append(time)
        return time
    }

    /// The latencies, for which a GPU is waited for.
    var all: [Duration] {
        events.isEmpty ? times : zip(events.dropFirst(), events).map { $0.time(since: $1) }
    }
}
