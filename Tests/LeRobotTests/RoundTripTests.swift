import Foundation
import LeRobot
import RobotTypes
import TemporaryFolder
import Testing

@Suite("Round trip")
struct RoundTripTests {
    @Test("reads back the numbers that were written")
    func numbers() throws {
        let folder = try TemporaryFolder()
        let written = try SampleDataset(lengths: [3, 5, 4]).write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.episodes.map(\.length) == [3, 5, 4])
        #expect(dataset.tasks == ["task 0", "task 1"])
        #expect(dataset.episodes[1].tasks == ["task 1"])
        let table = try dataset.loadTable()
        #expect(table.count == 12)
        #expect(try table.actions.values == written.actions)
        #expect(table.states?.values == written.states)
        #expect(table.taskIndex == [0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    }

    @Test("gives exactly the frame that was asked for, across episodes")
    func frames() throws {
        let folder = try TemporaryFolder()
        let sample = SampleDataset(lengths: [7, 1, 12, 30], cameras: ["observation.images.front"])
        try sample.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        for index in (0 ..< 50).shuffled() {
            let image = try dataset.frame(at: index, camera: "observation.images.front")
            #expect(SampleDataset.number(in: image) == index)
        }
        for episode in dataset.episodes {
            let images = try dataset.frames(episode: episode.index, camera: "observation.images.front")
            #expect(images.map { SampleDataset.number(in: $0) } == Array(episode.rows))
        }
    }
}
