import Foundation
import LeRobot
import TemporaryFolder
import Testing

private let data = "data/chunk-000/file-000.parquet"
private let episodes = "meta/episodes/chunk-000/file-000.parquet"
private let tasks = "meta/tasks.parquet"
private let lengths = "'length': expected dataset_to_index - dataset_from_index, at least 1"

@Suite("Files that contradict one another")
struct CrossCheckTests {
    /// The dataset has two episodes, of 9 and of 30 frames, and two tasks.
    @Test(
        "are named, with the column and what was expected there",
        arguments: [
            (data, #"{"index": {"10": 3}}"#, "'index': expected 10 in frame 10, found 3"),
            (data, #"{"frame_index": {"11": 0}}"#, "'frame_index': expected 2 in frame 11, found 0"),
            (
                data, #"{"episode_index": {"9": 0}}"#,
                "'episode_index': expected the episode of meta/episodes in frame 9, found 0"
            ),
            (
                data, #"{"episode_index": {"9": 7}}"#,
                "'episode_index': expected the episode of meta/episodes in frame 9, found 7"
            ),
            (data, #"{"task_index": {"0": 2}}"#, "'task_index': expected one of 2 tasks in frame 0, found 2"),
            (
                data, #"{"task_index": {"0": -1}}"#,
                "'task_index': expected one of 2 tasks in frame 0, found -1"
            ),
            (
                data, #"{"-": 1}"#,
                "'number of rows': expected 39, the frames that meta/episodes puts here, found 38"
            ),
            (episodes, #"{"episode_index": {"1": 2}}"#, "'episode_index': expected 1 for episode 1, found 2"),
            (
                episodes, #"{"dataset_from_index": {"1": 8}, "length": {"1": 31}}"#,
                "'dataset_from_index': expected 9 for episode 1, found 8"
            ),
            (
                episodes, #"{"length": {"1": 29}}"#,
                "\(lengths), found 29 for 9 ..< 39 in row 1"
            ),
            (
                episodes, #"{"length": {"0": 0}, "dataset_to_index": {"0": 0}}"#,
                "\(lengths), found 0 for 0 ..< 0 in row 0"
            ),
            (episodes, #"{"-": 2}"#, "'episode_index': expected at least one episode, found none"),
            (
                tasks, #"{"task_index": {"1": 0}}"#,
                "'task_index': expected every number from 0 to 1 once, found [0, 0]"
            ),
            (
                data, #"{"action": {"4": [null, 1, 2, 3]}}"#,
                "'action': expected a readable column of 39 rows, found 1 values are null"
            ),
            (
                data, #"{"index": {"4": null}}"#,
                "'index': expected a readable column of 39 rows, found 1 values are null"
            ),
            (
                episodes, #"{"length": {"0": null}}"#,
                "'length': expected a readable column of 2 rows, found 1 values are null"
            ),
            (
                data, #"{"action": {"10": [0, NaN, 2, 3]}}"#,
                "'action': expected finite numbers, found nan in frame 10"
            ),
            (
                data, #"{"observation.state": {"38": [0, 0, Infinity]}}"#,
                "'observation.state': expected finite numbers, found inf in frame 38"
            ),
            (
                data, #"{"observation.environment_state": {"0": [-Infinity, 0]}}"#,
                "'observation.environment_state': expected finite numbers, found -inf in frame 0"
            ),
        ]
    )
    func contradiction(file: String, edits: String, expected: String) throws {
        let folder = try TemporaryFolder()
        try SampleDataset(lengths: [9, 30]).write(to: folder.dataset)
        _ = try python("edit_parquet.py", folder.dataset.appending(path: file).path, edits)
        let error = #expect(throws: LeRobotError.self) {
            _ = try LeRobotDataset(opening: folder.dataset).loadTable()
        }
        #expect(error?.description == "\(folder.dataset.path)/\(file): field \(expected)")
    }
}
