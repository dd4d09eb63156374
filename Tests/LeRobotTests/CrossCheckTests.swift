import Foundation
import LeRobot
import TemporaryFolder
import Testing

private let data = "data/chunk-000/file-000.parquet"
private let episodes = "meta/episodes/chunk-000/file-000.parquet"
private let tasks = "meta/tasks.parquet"

@Suite("Files that contradict one another")
struct CrossCheckTests {
    private let folder: TemporaryFolder

    /// The dataset has two episodes, of 9 and of 30 frames, and two tasks.
    init() throws {
        folder = try TemporaryFolder()
        try SampleDataset(lengths: [9, 30]).write(to: folder.dataset)
    }

    private func edit(_ file: String, _ edits: String) throws {
        _ = try python("edit_parquet.py", folder.dataset.appending(path: file).path, edits)
    }

    @Test(
        "are refused where rows cannot be assigned to episodes, with the column and what was expected there",
        arguments: [
            (
                data, #"{"frame_index": {"11": 0}}"#,
                "'frame_index': expected different numbers within episode 1, found 0 in rows 9 and 11; "
                    + "'faster data repair' leaves the episode out"
            ),
            (
                data, #"{"episode_index": {"9": 0}}"#,
                "'frame_index': expected different numbers within episode 0, found 0 in rows 0 and 9; "
                    + "'faster data repair' leaves the episode out"
            ),
            (
                episodes, #"{"episode_index": {"1": null}}"#,
                "'episode_index': expected a whole number in every row, found null in row 1"
            ),
        ]
    )
    func refused(file: String, edits: String, expected: String) throws {
        try edit(file, edits)
        let error = #expect(throws: LeRobotError.self) {
            _ = try LeRobotDataset(opening: folder.dataset).loadTable()
        }
        #expect(error?.description == "\(folder.dataset.path)/\(file): field \(expected)")
    }

    @Test(
        "are refused where a number that is used is none",
        arguments: [
            (
                #"{"action": {"4": [null, 1, 2, 3]}}"#, "action",
                "null in column 0 (x), row 4 of the file, frame 4 of episode 0"
            ),
            (
                #"{"action": {"10": [0, NaN, 2, 3]}}"#, "action",
                "NaN in column 1 (y), row 10 of the file, frame 1 of episode 1"
            ),
            (
                #"{"observation.state": {"38": [0, 0, Infinity]}}"#, "observation.state",
                "inf in column 2 (z), row 38 of the file, frame 29 of episode 1"
            ),
        ]
    )
    func notFinite(edits: String, name: String, expected: String) throws {
        try edit(data, edits)
        let table = try LeRobotDataset(opening: folder.dataset).loadTable()
        let error = #expect(throws: LeRobotError.self) { try table.check(table.column(name)) }
        #expect(
            error?.description.contains(
                "/\(data): field '\(name)': expected a finite number, found \(expected)"
            ) == true
        )
    }

    @Test(
        "are passed over if the rows have an episode_index, with a warning each",
        arguments: [
            (data, #"{"task_index": {"0": 2}}"#, 39, ["task_index"]),
            (data, #"{"task_index": {"0": -1, "1": null}}"#, 39, ["task_index"]),
            (data, #"{"-": 1}"#, 38, ["length", "dataset_to_index", "total_frames"]),
            (
                data, #"{"episode_index": {"9": 7}}"#, 38,
                ["length", "episode_index", "dataset_to_index", "total_frames"]
            ),
            (episodes, #"{"episode_index": {"1": 2}}"#, 39, ["data", "episode_index"]),
            (
                episodes, #"{"dataset_from_index": {"1": 8}, "length": {"1": 31}}"#, 39,
                ["length", "dataset_from_index"]
            ),
            (episodes, #"{"length": {"0": null}}"#, 39, []),
            (
                episodes, #"{"length": {"0": 0}, "dataset_to_index": {"0": 0}}"#, 39,
                ["length", "dataset_to_index"]
            ),
            (tasks, #"{"task_index": {"1": 0}}"#, 39, ["task_index", "task_index"]),
        ] as [(String, String, Int, [String])]
    )
    func passedOver(file: String, edits: String, count: Int, warns: [String]) throws {
        try edit(file, edits)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.frameCount == count)
        let table = try dataset.loadTable()
        #expect(Array(try table.actions.row(3)) == (0 ..< 4).map { Float(3) * 0.1 + Float($0) })
        #expect(dataset.oddFields == warns)
    }
}
