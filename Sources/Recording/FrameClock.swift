/// The times at which an episode's frames came.
struct FrameClock {
    private var frameCount = 0
    private var first: (robot: Double?, arrival: ContinuousClock.Instant)?
    private var last: (robot: Double?, arrival: ContinuousClock.Instant)?

    /// Relative difference of rates that is worth a remark.
    static let tolerance = 0.1

    /// Frames without which a rate is chance.
    private static let fewestFrames = 10

    /// Counts a frame, by the robot's clock, seconds, and the server's.
    mutating func add(_ robot: Double?, _ arrival: ContinuousClock.Instant) {
        frameCount += 1
        first = first ?? (robot, arrival)
        last = (robot, arrival)
    }

    /// Frames a second that no robot sends: its clock stands still.
    private static let impossibleRate = 1e6

    /// Frames a second, by the robot's clock where it sent one; nil of too few frames, or of a clock that stands still.
    var rate: Double? {
        guard frameCount >= Self.fewestFrames, let first, let last else { return nil }
        let arrival = (last.arrival - first.arrival) / .seconds(1)
        let robot = first.robot.flatMap { start in last.robot.map { $0 - start } }
        let seconds = robot ?? arrival
        let rate = Double(frameCount - 1) / seconds
        return seconds > 0 && rate < Self.impossibleRate ? rate : nil
    }
}
