import Foundation
import LeRobot
import RobotTypes
import TemporaryFolder
import Testing

@Suite("Chunk sampler")
struct ChunkSamplerTests {
    private func sampler(lengths: [Int]) throws -> ChunkSampler {
        let folder = try TemporaryFolder()
        try SampleDataset(lengths: lengths).write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        return try ChunkSampler(dataset: dataset, table: dataset.loadTable())
    }

    @Test("repeats the last action of an episode and counts the real steps")
    func padding() throws {
        let chunks = try sampler(lengths: [3, 2]).chunks(horizon: 3)
        #expect(chunks.count == 5)
        #expect(chunks.dimension == 4)
        #expect(chunks.validSteps == [3, 2, 1, 2, 1])
        let last = (0 ..< 4).map { Float(2) * 0.1 + Float($0) }
        #expect(chunks[2].values == last + last + last)
        #expect(Array(chunks[1].values.suffix(8)) == last + last)
    }

    @Test("keeps to the episodes and the stride that were asked for")
    func stride() throws {
        let sampler = try sampler(lengths: [5, 4, 6])
        let starts = try sampler.starts(episodes: [2, 0], stride: 2)
        #expect(starts.map(\.episode) == [2, 2, 2, 0, 0, 0])
        #expect(starts.map(\.frame) == [0, 2, 4, 0, 2, 4])
        #expect(starts.map { sampler.row(of: $0) } == [9, 11, 13, 0, 2, 4])
        let chunks = try sampler.chunks(horizon: 2, episodes: [2, 0], stride: 2)
        #expect(chunks.validSteps == [2, 2, 2, 2, 2, 1])
        #expect(chunks[1].values[0] == Float(11) * 0.1)
    }

    @Test("an episode that does not exist is named")
    func noEpisode() throws {
        let sampler = try sampler(lengths: [2])
        #expect(throws: LeRobotError.outOfRange(what: "episode", index: 7, count: 1)) {
            try sampler.chunks(horizon: 2, episodes: [7])
        }
    }
}
