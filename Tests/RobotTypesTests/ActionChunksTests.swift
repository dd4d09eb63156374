import RobotTypes
import Testing

@Suite("Action chunks")
struct ActionChunksTests {
    @Test("repeat the last valid step to their end, whatever was there")
    func padding() {
        let chunks = ActionChunks(
            count: 2,
            horizon: 3,
            dimension: 2,
            values: [1, 2, 99, 99, .nan, 0, 3, 4, 5, 6, 99, 99],
            validSteps: [1, 2]
        )
        #expect(chunks.values == [1, 2, 1, 2, 1, 2, 3, 4, 5, 6, 5, 6])
        #expect(chunks[1 ..< 2].values == [3, 4, 5, 6, 5, 6] && chunks[1 ..< 2].validSteps == [2])
    }

    @Test("keep every step where none is said to be invalid")
    func whole() {
        let chunks = ActionChunks(count: 1, horizon: 2, dimension: 1, values: [1, 2])
        #expect(chunks.values == [1, 2] && chunks.validSteps == [2])
    }
}
