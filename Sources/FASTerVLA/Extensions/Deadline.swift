// Decoding before a deadline: as many whole codebooks as are ready in time, at least one.

/// Latencies of blocks and of detokenization, estimated by the median of the last ones.
struct LatencyEstimate {
    /// The median: the first forward of a process takes many times longer than those that follow.
    private var blocks = RecentDurations()
    private var detokenizations = RecentDurations()

    /// Adds a measured latency of a block.
    mutating func add(block: Duration) { blocks.add(block) }

    /// Adds a measured latency of detokenization.
    mutating func add(detokenization: Duration) { detokenizations.add(detokenization) }

    /// Estimated time of `count` blocks and the detokenization after them; 0 before anything was measured.
    func time(ofBlocks count: Int) -> Duration { blocks.median * count + detokenizations.median }
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

extension BlockSchedule {
    /// Returns true if the codebook that begins, or continues, at `slot` is likely to be complete before `deadline`; always
    /// for the first codebook.
    func completesCodebook(
        from slot: Int,
        before deadline: ContinuousClock.Instant?,
        _ latencies: LatencyEstimate
    ) -> Bool {
        let complete = slot / latentPositionCount
        guard complete > 0, let deadline else { return true }
        let left = blockCount(from: slot, toCodebooks: complete + 1)
        return ContinuousClock.now + latencies.time(ofBlocks: left) <= deadline
    }
}
