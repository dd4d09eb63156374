/// Frames of a video that belong to the rows of an episode.
///
/// Counts come first: where a file has as many frames as its episodes have rows, every row has its own. Else a row's own
/// time is looked up among the file's times, one to one. At last, a segment of the file with as many frames as the episode
/// has rows is taken in order. A frame is never guessed from a rate.
struct FrameAlignment: Equatable {
    /// The rule by which frames were found.
    enum Rule: Equatable {
        /// By order, and the times agree.
        case order
        /// By order, although the times of the rows are not those of the file.
        case orderAgainstTimes
        /// By the rows' times.
        case times
        /// By order within the segment that the metadata give, although times do not agree.
        case segmentOrder
        /// No rule fits.
        case none
    }

    /// An episode's segment of a video file.
    struct Segment {
        /// Number of rows.
        var length: Int

        /// Seconds of every row since the episode's start; nil where the rows do not say.
        var times: [Double]?

        /// Time of the first frame in the file, as the metadata have it, seconds.
        var from: Double

        /// End of the last frame, seconds.
        var to: Double

        /// Frames before the episode where the file has as many frames as its episodes have rows; else nil.
        var framesBefore: Int?

        /// The earliest `from` of the file's episodes, seconds.
        var earliest: Double

        /// True if the file does not begin with a keyframe: frames before it were lost, and times are not counted from it.
        var lostStart = false
    }

    /// Position of every row's frame in presentation order; nil for a row that has none.
    let positions: [Int?]

    let rule: Rule

    /// Finds the frames of an episode among the times of all frames of a file.
    ///
    /// - Parameters:
    ///   - segment: The episode's segment of the file.
    ///   - frameTimes: Presentation times of all frames, seconds, ascending.
    ///   - fps: Frames a second of the dataset.
    init(_ segment: Segment, frameTimes: [Double], fps: Double) {
        let steps = zip(frameTimes, frameTimes.dropFirst()).map { $1 - $0 }.sorted()
        let spacing = steps.isEmpty ? 1 / fps : steps[steps.count / 2]
        let tolerance = 0.5 * min(spacing, 1 / fps)
        let times = segment.times ?? (0 ..< segment.length).map { Double($0) / fps }
        let start = frameTimes.first ?? 0
        let offsets =
            segment.lostStart
            ? [0] : Self.offsets(first: start, earliest: segment.earliest, tolerance: tolerance)
        if let before = segment.framesBefore {
            let agrees = offsets.contains { offset in
                times.indices.allSatisfy { row in
                    before + row < frameTimes.count
                        && abs(frameTimes[before + row] - (segment.from + offset + times[row])) <= tolerance
                }
            }
            positions = (0 ..< segment.length).map { before + $0 }
            rule = agrees || segment.times == nil ? .order : .orderAgainstTimes
            return
        }
        let found = Self.clocks(of: times, segment, step: max(spacing, 1 / fps)).flatMap { clock in
            offsets.compactMap { offset in
                Self.matched(
                    times.map { segment.from + offset + ($0 - clock) },
                    frameTimes: frameTimes,
                    tolerance: tolerance
                )
            }
        }
        let best = found.first { $0.missing == 0 } ?? found.first
        if let best, best.missing == 0 {
            positions = best.positions
            rule = .times
            return
        }
        for offset in offsets {
            let first = Self.count(before: segment.from + offset - tolerance, in: frameTimes)
            let end = Self.count(before: segment.to + offset - tolerance, in: frameTimes)
            if end - first == segment.length {
                positions = (first ..< end).map { $0 }
                rule = .segmentOrder
                return
            }
        }
        positions = best?.positions ?? Array(repeating: nil, count: segment.length)
        rule = best == nil ? .none : .times
    }

    /// Differences to try between a file's times and those of the metadata, the likelier one first: times are counted from
    /// the file's first frame, unless the metadata know when that is.
    private static func offsets(first: Double, earliest: Double, tolerance: Double) -> [Double] {
        if abs(first - earliest) < min(tolerance, 1e-3) { return [0] }
        return abs(earliest) <= tolerance || first == 0 ? [first] : [first, 0]
    }

    /// Times that the rows' clock may show where the segment begins, the likelier one first.
    ///
    /// A clock may begin long before the episode, or run on through the episodes of a file. Less than two frames say where
    /// the rows begin within the segment, and so do more where the rows do not reach beyond its end.
    private static func clocks(of times: [Double], _ segment: Segment, step: Double) -> [Double] {
        guard let start = times.first, let end = times.last, abs(start) > 2 * step else { return [0] }
        return segment.from + end < segment.to + step / 2 ? [0, start] : [start]
    }

    /// The frame nearest to every time; nil where two would share one, or fewer than half have one.
    private static func matched(_ wanted: [Double], frameTimes: [Double], tolerance: Double)
        -> (positions: [Int?], missing: Int)?
    {
        var positions: [Int?] = []
        var taken = -1
        var missing = 0
        for time in wanted {
            guard let position = nearest(to: time, in: frameTimes),
                abs(frameTimes[position] - time) <= tolerance
            else {
                positions.append(nil)
                missing += 1
                continue
            }
            guard position > taken else { return nil }
            taken = position
            positions.append(position)
        }
        return missing * 2 <= wanted.count ? (positions, missing) : nil
    }

    /// Position of the time nearest to another; nil where there is none at all.
    static func nearest(to time: Double, in frameTimes: [Double]) -> Int? {
        let next = count(before: time, in: frameTimes)
        guard next > 0 else { return frameTimes.isEmpty ? nil : 0 }
        guard next < frameTimes.count else { return frameTimes.count - 1 }
        return frameTimes[next] - time < time - frameTimes[next - 1] ? next : next - 1
    }

    /// Number of times before another.
    private static func count(before time: Double, in frameTimes: [Double]) -> Int {
        var range = 0 ..< frameTimes.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = frameTimes[middle] < time ? middle + 1 ..< range.upperBound : range.lowerBound ..< middle
        }
        return range.lowerBound
    }
}
