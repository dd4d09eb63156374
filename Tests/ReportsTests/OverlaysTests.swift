import Testing

@testable import Reports

@Suite("Chunks before and after a tokenizer")
struct OverlaysTests {
    private func overlay(_ original: [[Double]], _ reconstructed: [[Double]]) -> Overlays {
        Overlays(
            .init(
                title: "chunk",
                columns: ["x", "gripper"],
                original: original,
                reconstructed: reconstructed
            )
        )
    }

    @Test("have one scale a column, so that a bad chunk looks worse than a good one")
    func sharedScale() {
        let extents = Overlays.extents(of: [
            overlay([[0, 0.1]], [[0, 0.1]]), overlay([[-1, 1]], [[-0.5, 3, .nan, .infinity]]),
        ])
        #expect(extents == [-1 ... 3])
    }

    @Test("Give a column that hardly moves room, so that small errors look small")
    func idleColumn() {
        let extents = Overlays.extents(of: [overlay([[0, 1], [1, 1]], [[0, 1], [1.001, 0.999]])])
        #expect(extents.count == 2)
        #expect(abs(extents[1].lowerBound - 0.9) < 1e-9 && abs(extents[1].upperBound - 1.1) < 1e-9)
        #expect(Overlays.extents(of: [overlay([[.nan]], [])]) == [0 ... 1])
        #expect(Overlays.extents(of: []).isEmpty)
    }
}
