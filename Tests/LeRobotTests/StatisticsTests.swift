import Foundation
import LeRobot
import RobotTypes
import TemporaryFolder
import Testing

@Suite("Statistics")
struct StatisticsTests {
    @Test("are exact, with quantiles between neighbours")
    func exact() {
        // Columns 0 ... 100 and its negative, shuffled.
        let order = (0 ... 100).shuffled()
        let statistics = featureStatistics(values: order.flatMap { [Float($0), -Float($0)] }, dimension: 2)
        #expect(statistics.mean == [50, -50])
        #expect(statistics.min == [0, -100])
        #expect(statistics.max == [100, 0])
        #expect(statistics.q01 == [1, -99])
        #expect(statistics.q99 == [99, -1])
        #expect(abs(statistics.std[0] - 29.154_76) < 1e-4)
    }

    @Test("of one row are that row")
    func oneRow() {
        let statistics = featureStatistics(values: [2, 3], dimension: 2)
        #expect(statistics.q01 == [2, 3])
        #expect(statistics.std == [0, 0])
    }

    @Test("file holds every feature, colours between 0 and 1")
    func file() throws {
        let folder = try TemporaryFolder()
        let sample = SampleDataset(lengths: [40, 3], cameras: ["observation.images.front"])
        try sample.write(to: folder.dataset)
        let data = try Data(contentsOf: folder.dataset.appending(path: "meta/stats.json"))
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]])
        #expect(Set(root.keys) == Set(try LeRobotDataset(opening: folder.dataset).info.features.keys))
        let color = try #require(root["observation.images.front"])
        #expect(
            Set(color.keys) == ["min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99"]
        )
        let darkest = try #require(color["min"] as? [[[Double]]])
        #expect(darkest.count == 3)
        for channel in darkest { #expect(abs(channel[0][0] - 40.0 / 255) < 1e-9) }
        #expect(color["count"] as? [Int] == [23])
        #expect(root["index"]?["max"] as? [Double] == [42])
        #expect(root["action"]?["count"] as? [Int] == [43])
    }
}
