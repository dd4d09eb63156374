import Foundation
import LeRobot
import TemporaryFolder
import Testing

@Suite("Pyarrow")
struct PyarrowTests {
    /// Output of `lerobot_numbers.py`.
    private struct Numbers: Decodable {
        struct Columns: Decodable {
            let action: [[Float]]
            let state: [[Float]]
            let environmentState: [[Float]]
            let timestamp: [Float]
            let index: [Int]
            let taskIndex: [Int]

            enum CodingKeys: String, CodingKey {
                case action
                case state = "observation.state"
                case environmentState = "observation.environment_state"
                case timestamp
                case index
                case taskIndex = "task_index"
            }
        }

        struct Episodes: Decodable {
            let length: [Int]
            let tasks: [[String]]
            let mean: [[Double]]
            let median: [[Double]]
            let color: [[[[Double]]]]

            enum CodingKeys: String, CodingKey {
                case length
                case tasks
                case mean = "stats/action/mean"
                case median = "stats/action/q50"
                case color = "stats/observation.images.front/max"
            }
        }

        let columns: Columns
        let types: [String: String]
        let rowGroups: [Int]
        let compression: String
        let episodes: Episodes
        let tasks: [String: [TextOrNumber]]
        let pandasIndex: [String]
    }

    private enum TextOrNumber: Decodable, Equatable {
        case text(String)
        case number(Int)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }

    @Test("reads the numbers that we write")
    func readsOurs() throws {
        let folder = try TemporaryFolder()
        let camera = "observation.images.front"
        let written = try SampleDataset(lengths: [3, 5], cameras: [camera]).write(to: folder.dataset)
        let found = try JSONDecoder().decode(
            Numbers.self,
            from: python("lerobot_numbers.py", folder.dataset.path)
        )
        #expect(found.columns.action.flatMap(\.self) == written.actions)
        #expect(found.columns.state.flatMap(\.self) == written.states)
        #expect(found.columns.environmentState == (0 ..< 8).map { [Float($0), -Float($0)] })
        #expect(found.columns.timestamp == [0, 0.05, 0.1, 0, 0.05, 0.1, 0.15, 0.2])
        #expect(found.columns.index == Array(0 ..< 8))
        #expect(found.columns.taskIndex == [0, 0, 0, 1, 1, 1, 1, 1])
        #expect(found.types["action"] == "fixed_size_list<element: float>[4]")
        #expect(found.types["frame_index"] == "int64")
        #expect(found.rowGroups == [2])
        #expect(found.compression == "SNAPPY")
        #expect(found.episodes.length == [3, 5])
        #expect(found.episodes.tasks == [["task 0"], ["task 1"]])
        #expect(abs(found.episodes.mean[1][0] - 0.5) < 1e-6)
        #expect(abs(found.episodes.median[1][3] - 3.5) < 1e-6)
        #expect(found.episodes.color[1].map { $0[0].count } == [1, 1, 1])
        #expect(found.tasks["task"] == [.text("task 0"), .text("task 1")])
        #expect(found.pandasIndex == ["task"])
    }

    @Test("writes datasets that we read, lists of free length and several files included")
    func writesTheirs() throws {
        let folder = try TemporaryFolder()
        _ = try python("lerobot_makes_dataset.py", folder.dataset.path)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.tasks == ["push", "pull"])
        #expect(dataset.info.features["observation.state"]?.names == ["x", "y"])
        #expect(dataset.cameras.isEmpty)
        let table = try dataset.loadTable()
        #expect(table.count == 12)
        let expected: [Float] = (0 ..< 12).map(Float.init).flatMap { [$0 * 0.25, -$0, $0 + 0.5] }
        #expect(try table.actions.values == expected)
        #expect(Array(try table.column("observation.grid").row(7)) == [7, 1, 2, 3])
        #expect(try table.column("next.done").values == [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1])
        #expect(try table.column("observation.half").values == (0 ..< 12).map { Float($0) * 0.25 })
        #expect(table.columns["note"] == nil)
    }
}
