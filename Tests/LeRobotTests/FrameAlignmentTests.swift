import Testing

@testable import LeRobot

@Suite("Frames of rows")
struct FrameAlignmentTests {
    private func align(
        _ frameTimes: [Double],
        times: [Double]?,
        length: Int? = nil,
        from: Double = 0,
        to: Double = .infinity,
        before: Int? = nil,
        earliest: Double = 0
    ) -> FrameAlignment {
        FrameAlignment(
            .init(
                length: length ?? times?.count ?? 0,
                times: times,
                from: from,
                to: to,
                framesBefore: before,
                earliest: earliest
            ),
            frameTimes: frameTimes,
            fps: 10
        )
    }

    private let grid = (0 ..< 10).map { Double($0) / 10 }

    @Test("follow the order where counts agree, whatever the times")
    func order() {
        #expect(align(grid, times: grid, before: 0).rule == .order)
        #expect(align(grid, times: nil, length: 10, before: 0).rule == .order)
        // The first row is a frame late.
        let late = align(grid, times: grid.map { $0 + 0.1 }, before: 0)
        #expect(late.positions == Array(0 ..< 10))
        #expect(late.rule == .orderAgainstTimes)
    }

    @Test("follow the times where a file has more frames")
    func times() {
        let part = align(grid, times: [0, 0.1, 0.2], from: 0.4, to: 0.7)
        #expect(part.positions == [4, 5, 6])
        #expect(part.rule == .times)
        let halved = align((0 ..< 20).map { Double($0) / 20 }, times: [0, 0.1, 0.2], from: 0.4, to: 0.7)
        #expect(halved.positions == [8, 10, 12])
    }

    @Test("take a stretch in order where its count agrees and times do not")
    func stretch() {
        let found = align(grid, times: [0, 0.31, 0.9], from: 0.4, to: 0.7)
        #expect(found.positions == [4, 5, 6])
        #expect(found.rule == .segmentOrder)
    }

    @Test("follow clocks that begin long before the episode, or run on through a file")
    func clocks() {
        let early = [0, 0.1, 0.2].map { $0 + 1_700_000_000 }
        #expect(align(grid, times: early, from: 0.4, to: 0.7).positions == [4, 5, 6])
        #expect(align(grid, times: [0.4, 0.5, 0.6], from: 0.4, to: 0.7).positions == [4, 5, 6])
        // Rows from the middle of their episode's video.
        #expect(align(grid, times: [0.4, 0.5, 0.6]).positions == [4, 5, 6])
    }

    @Test("follow the file's own times where its start was lost")
    func lostStart() {
        let late = Array(grid.dropFirst())
        let segment = FrameAlignment.Segment(
            length: 10,
            times: grid,
            from: 0,
            to: .infinity,
            framesBefore: nil,
            earliest: 0,
            lostStart: true
        )
        #expect(FrameAlignment(segment, frameTimes: late, fps: 10).positions == [nil] + (0 ..< 9).map { $0 })
    }

    @Test("are none where a row has no frame, or two rows would share one")
    func none() {
        let gap = [0, 0.1, 0.4, 0.5].map { $0 }
        let lost = align(gap, times: [0, 0.1, 0.2, 0.3, 0.4, 0.5])
        #expect(lost.positions == [0, 1, nil, nil, 2, 3])
        let shared = align(grid, times: [0, 0.01, 0.02, 0.5], to: 5)
        #expect(shared.rule == .none)
        #expect(shared.positions.allSatisfy { $0 == nil })
        #expect(align([], times: [0, 0.1]).positions == [nil, nil])
    }

    @Test("are counted from the file's first, unless the metadata know when that is")
    func offsets() {
        let shifted = grid.map { $0 + 5 }
        #expect(align(shifted, times: [0, 0.1], from: 0.3, to: 0.5).positions == [3, 4])
        #expect(align(shifted, times: [0, 0.1], from: 5.3, to: 5.5, earliest: 5).positions == [3, 4])
    }
}
