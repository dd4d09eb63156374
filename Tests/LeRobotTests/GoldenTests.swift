import Foundation
import LeRobot
import Testing

@Suite("Files made by others")
struct GoldenTests {
    let golden = Bundle.module.bundleURL.appending(path: "Golden")

    @Test("reads a dataset that LeRobot wrote")
    func dataset() throws {
        let dataset = try LeRobotDataset(opening: golden.appending(path: "lerobot-0.4.4"))
        #expect(dataset.info.fps == 10)
        #expect(dataset.info.robotType == "so100")
        #expect(dataset.tasks == ["push", "pull"])
        #expect(dataset.episodes.map(\.length) == [5, 9, 7])
        #expect(dataset.cameras == ["observation.images.front"])
        let table = try dataset.loadTable()
        #expect(try table.actions.values == (0 ..< 21).map(Float.init).flatMap { [$0, $0 + 0.5, 1] })
        #expect(table.states?.values == (0 ..< 21).map(Float.init).flatMap { [$0, -$0] })
        #expect(
            table.taskIndex == dataset.episodes.flatMap { Array(repeating: $0.index % 2, count: $0.length) }
        )
        let numbers = try dataset.episodes.flatMap { episode in
            try dataset.frames(episode: episode.index, camera: dataset.cameras[0])
        }
        #expect(numbers.map { SampleDataset.number(in: $0) } == Array(0 ..< 21))
        #expect(try SampleDataset.number(in: dataset.frame(at: 13, camera: dataset.cameras[0])) == 13)
    }

    @Test("finds every frame of a video whose frames are stored out of order")
    func reordered() throws {
        let decoder = try VideoDecoder(opening: golden.appending(path: "reordered.mp4"))
        for number in (0 ..< 90).reversed() {
            let image = try decoder.frame(at: Double(number) / 30, fps: 30)
            #expect(SampleDataset.number(in: image) == number)
        }
        for number in 0 ..< 90 {
            let image = try decoder.frame(at: Double(number) / 30 + 0.001, fps: 30)
            #expect(SampleDataset.number(in: image) == number)
        }
    }
}
