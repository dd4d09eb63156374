/// What blocks and detokenization took of late: what a policy foresees by whether it meets a deadline.
struct DecodingCosts {
    /// The median tells what is usual: the first forward of a process takes many times longer than those that follow.
    private var blocks = RecentDurations()
    private var detokenizations = RecentDurations()

    /// Notes what a block took.
    mutating func add(block: Duration) { blocks.add(block) }

    /// Notes what detokenization took.
    mutating func add(detokenization: Duration) { detokenizations.add(detokenization) }

    /// The time that `count` more blocks and the detokenization after them usually take; 0 of what was never done.
    func foreseen(blocks count: Int) -> Duration { blocks.median * count + detokenizations.median }
}

/// The last few durations of one kind of work.
private struct RecentDurations {
    private static let capacity = 31
    private var values: [Duration] = []
    private var next = 0

    mutating func add(_ value: Duration) {
        if values.count < Self.capacity {
            values.append(value)
        } else {
            values[next] = value
        }
        next = (next + 1) % Self.capacity
    }

    var median: Duration { values.isEmpty ? .zero : values.sorted()[values.count / 2] }
}
