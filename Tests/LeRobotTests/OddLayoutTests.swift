import Foundation
import LeRobot
import TemporaryFolder
import Testing

@Suite("Layouts of datasets")
struct OddLayoutTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes a recording, opens it, and checks that every row is where it belongs.
    @discardableResult
    private func opened(_ recording: OddRecording, warns: [String] = []) throws -> LeRobotDataset {
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.episodes.map(\.length) == recording.lengths)
        let table = try dataset.loadTable()
        for column in table.columns.values { try table.check(column) }
        #expect(try table.rowsSeen == (0 ..< recording.lengths.reduce(0, +)).map(Float.init))
        #expect(table.taskIndex.allSatisfy { $0 == 0 })
        #expect(dataset.oddFields == warns)
        return dataset
    }

    @Test("of every version are read the same", arguments: ["v3.0", "v2.1", "v2.0"])
    func versions(version: String) throws {
        let dataset = try opened(OddRecording(version))
        #expect(dataset.tasks == ["do it"])
        #expect(dataset.info.codebaseVersion == version)
        #expect(dataset.cameras.isEmpty)
    }

    @Test("of version 2.1 are found where the template is wrong, numbers are not padded, or folders differ")
    func wrongTemplates() throws {
        var recording = OddRecording("v2.1", lengths: [2, 3, 1])
        recording.setInfo(
            "data_path",
            "\"data/chunk-{episode_index:03d}/episode_{episode_index:06d}.parquet\""
        )
        recording.files[1].path = "data/chunk-000/episode_1.parquet"
        recording.files[2].path = "data/chunk-004/episode_2.parquet"
        try opened(recording)
    }

    @Test("stay within their folder, and numbers short, whatever the template says")
    func templateOutside() throws {
        var recording = OddRecording()
        let path = "../../data/chunk-{chunk_index:0900000000d}/file-{file_index:03d}.parquet"
        recording.setInfo("data_path", "\"\(path)\"")
        try opened(recording)
    }

    @Test("without a number in a column of half precision follow index")
    func halfPrecision() throws {
        var recording = OddRecording(lengths: [3, 2])
        recording.set("frame_index", "half", [2, "nan", 0, 0, 1])
        recording.files = [("data/chunk-000/file-000.parquet", [2, 0, 1, 4, 3])]
        let dataset = try opened(recording, warns: ["frame_index", "index"])
        #expect(dataset.warnings[0].text.contains("null in row"))
    }

    @Test("of version 3.0 are found where files are not padded and out of order")
    func unpadded() throws {
        var recording = OddRecording(lengths: Array(repeating: 2, count: 12))
        recording.files = (0 ..< 12).reversed().map {
            ("data/chunk-0/file-\($0).parquet", [$0 * 2 + 1, $0 * 2])
        }
        recording.setEpisodes("data/file_index", Array(0 ..< 12))
        try opened(recording, warns: ["frame_index"])
    }

    @Test("whose rows are shuffled over row groups and files are put in order by the rows' own numbers")
    func shuffled() throws {
        var recording = OddRecording(lengths: [5, 4])
        recording.files = [("data/chunk-000/file-000.parquet", [8, 2, 0, 5, 1, 7, 4, 6, 3])]
        recording.rowsOfGroup = 2
        try opened(recording, warns: ["frame_index"])
    }

    @Test("without usable numbers of frames follow index", arguments: [[0, 0, 0, 0, 0], [2, nil, 0, 0, 1]])
    func unordered(frames: [Int?]) throws {
        var recording = OddRecording(lengths: [3, 2])
        recording.set("frame_index", "int64", frames)
        recording.files = [("data/chunk-000/file-000.parquet", [2, 0, 1, 4, 3])]
        let dataset = try opened(recording, warns: ["frame_index", "index"])
        #expect(dataset.warnings[1].text.contains("they are sorted"))
    }

    @Test("with an episode in two files are put together")
    func splitEpisode() throws {
        var recording = OddRecording(lengths: [5, 4])
        recording.files = [
            ("data/chunk-000/file-000.parquet", [3, 4, 5, 6, 7, 8]),
            ("data/chunk-000/file-001.parquet", [0, 1, 2]),
        ]
        try opened(recording)
    }

    @Test("with a stale number of a file are read from the file that has the rows")
    func staleFile() throws {
        var recording = OddRecording(lengths: [3, 2])
        recording.files = [
            ("data/chunk-000/file-000.parquet", [0, 1, 2]), ("data/chunk-000/file-001.parquet", [3, 4]),
        ]
        try opened(recording, warns: ["file"])
    }

    @Test("whose positions, lengths or totals are off follow the rows")
    func wrongNumbers() throws {
        var recording = OddRecording(lengths: [3, 2])
        recording.setEpisodes("dataset_from_index", [100, 110])
        recording.setEpisodes("length", [4, 1])
        for total in ["episodes", "frames", "tasks"] { recording.setInfo("total_\(total)", "77") }
        try opened(
            recording,
            warns: ["length", "dataset_from_index", "total_episodes", "total_frames", "total_tasks"]
        )
    }

    @Test("without totals, templates, splits, tasks and a robot are read")
    func absentFields() throws {
        var recording = OddRecording("v2.1")
        for key in ["total_episodes", "total_frames", "total_tasks", "data_path", "video_path", "robot_type"]
        {
            recording.setInfo(key, nil)
        }
        recording.setInfo("splits", "[\"train\"]")
        recording.texts.removeAll { $0.path == "meta/tasks.jsonl" }
        recording.set("task_index", "int64", nil)
        let dataset = try opened(recording, warns: ["tasks.jsonl", "task_index"])
        #expect(dataset.tasks == ["do it"])
    }

    @Test("without frame_index follow index, and without episode_index the names of the files")
    func absentColumns() throws {
        var recording = OddRecording("v2.0")
        recording.set("frame_index", "int64", nil)
        recording.set("episode_index", "int64", nil)
        recording.files = recording.files.map { ($0.path, $0.rows.reversed()) }
        try opened(recording, warns: ["episode_index", "index"])
    }

    @Test("of version 2.1 whose rows all say episode 0 follow the names of the files")
    func falseEpisodes() throws {
        var recording = OddRecording("v2.1")
        recording.set("episode_index", "int64", Array(repeating: 0, count: 7))
        try opened(recording, warns: ["episode_index"])
    }

    @Test("with missing episodes keep the numbers of the rows")
    func gaps() throws {
        var recording = OddRecording(lengths: [3, 2])
        recording.set("episode_index", "int64", [2, 2, 2, 7, 7])
        recording.setEpisodes("episode_index", [2, 7])
        let dataset = try opened(recording)
        #expect(dataset.episodes.map(\.number) == [2, 7])
        #expect(dataset.episodes.map(\.index) == [0, 1])
    }

    @Test("with fewer files than episodes fail where an absent one is used")
    func absentFiles() throws {
        var recording = OddRecording("v2.1", lengths: [3, 2, 4])
        recording.files.remove(at: 1)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.oddFields == ["data"])
        let table = try dataset.loadTable()
        try table.check(table.actions, episodes: [0, 2])
        #expect(Array(try table.actions.row(dataset.episodes[2].rows.lowerBound)) == [5, 2, 0])
        let error = #expect(throws: LeRobotError.self) { try table.check(table.actions) }
        #expect(
            error?.description.contains("episode_000001.parquet: no such file, but episode 1 is in it")
                == true
        )
    }

    @Test("with a cut-off file fail where it is used, in words that say so", arguments: ["v3.0", "v2.1"])
    func interrupted(version: String) throws {
        var recording = OddRecording(version, lengths: [3, 2])
        if version == "v3.0" {
            recording.files = [
                ("data/chunk-000/file-000.parquet", [0, 1, 2]), ("data/chunk-000/file-001.parquet", [3, 4]),
            ]
            recording.setEpisodes("data/file_index", [0, 1])
        }
        try recording.write(to: folder.dataset)
        let file = folder.dataset.appending(path: recording.files[1].path)
        try Data(contentsOf: file).dropLast(8).write(to: file)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        let error = #expect(throws: LeRobotError.self) { try dataset.checkDataFiles() }
        #expect(error?.description.contains("the file has no footer: the recording was interrupted") == true)
        #expect(throws: LeRobotError.self) { try dataset.loadTable() }
        let table = try dataset.loadTable(passingOverDamage: true)
        try table.check(table.actions, episodes: [0])
        let later = #expect(throws: LeRobotError.self) { try table.check(table.actions) }
        #expect(later?.description.contains("the file has no footer") == true)
    }

    @Test("without episodes are open and empty")
    func empty() throws {
        var recording = OddRecording(lengths: [])
        recording.files = []
        try opened(recording, warns: [])
    }

    @Test("of version 3.0 over files of 2.1 are refused, with the way out")
    func mixed() throws {
        var recording = OddRecording("v2.1")
        recording.setInfo("codebase_version", "\"v3.0\"")
        try recording.write(to: folder.dataset)
        let error = #expect(throws: LeRobotError.self) { try LeRobotDataset(opening: folder.dataset) }
        #expect(error?.description.contains("v2.1 (meta/episodes.jsonl") == true)
        #expect(error?.description.contains("or convert") == true)
    }

    @Test(
        "whose lists are not a value a line are read",
        arguments: ["[\n%@\n]", "%@,", "\u{feff}%@\r\n"],
        [",\n", ",\n\n"]
    )
    func lists(frame: String, separator: String) throws {
        var recording = OddRecording("v2.1")
        let lines = recording.texts[0].text.split(separator: "\n").map {
            $0.replacing(", \"", with: ",\n  \"")
        }
        recording.texts[0].text = frame.replacing("%@", with: lines.joined(separator: separator))
        try opened(recording)
    }

    @Test("whose tasks are damaged, or in another column, are read", arguments: ["v3.0", "v2.1"])
    func oddTasks(version: String) throws {
        var recording = OddRecording(version)
        let name = version == "v3.0" ? "tasks.parquet" : "tasks.jsonl"
        recording.texts.removeAll { $0.path == "meta/\(name)" }
        recording.texts.append(("meta/\(name)", "PAR1 {oops\n{more\n"))
        try opened(recording, warns: [name, "task_index"])
        try writeParquet([
            [
                "path": folder.dataset.appending(path: "meta/tasks.parquet").path, "group": 0,
                "columns": [
                    ["name": "task_index", "type": "text", "values": ["0"]],
                    ["name": "words", "type": "text", "values": ["do it"]],
                ],
            ]
        ])
        guard version == "v3.0" else { return }
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.tasks == ["do it"])
        #expect(dataset.warnings.isEmpty)
    }

    @Test("with an episode that goes on in the next file are put together, whatever its length in the list")
    func continued() throws {
        var recording = OddRecording(lengths: [3, 4, 2])
        recording.files = [
            ("data/chunk-000/file-000.parquet", Array(0 ..< 5)),
            ("data/chunk-000/file-001.parquet", Array(5 ..< 9)),
        ]
        recording.setEpisodes("data/file_index", [0, 0, 1])
        recording.setEpisodes("length", [3, 2, 2])
        try opened(recording, warns: ["length"])
    }

    @Test("with copies of files beside them are read once")
    func copies() throws {
        var recording = OddRecording(lengths: [3, 2])
        recording.files = [
            ("data/chunk-000/file-000.parquet", [0, 1, 2]), ("data/chunk-000/file-001.parquet", [3, 4]),
            ("data/chunk-000/file-001 (1).parquet", [3, 4]),
            ("data/old/chunk-000/file-000.parquet", [0, 1, 2]),
        ]
        recording.setEpisodes("data/file_index", [0, 1])
        recording.setEpisodes("length", [3, 9])
        try opened(recording, warns: ["length"])
    }

    @Test("with links that lead up, or nowhere, and folders of parts are read")
    func links() throws {
        var recording = OddRecording("v2.1", lengths: [2, 2, 2])
        recording.files[2].path = "data/chunk-000/episode_000002.parquet/part-0.parquet"
        try recording.write(to: folder.dataset)
        let chunk = folder.dataset.appending(path: "data/chunk-000")
        let manager = FileManager.default
        for name in ["up", "again"] {
            try manager.createSymbolicLink(
                atPath: chunk.appending(path: name).path,
                withDestinationPath: ".."
            )
        }
        let file = chunk.appending(path: "episode_000001.parquet")
        try manager.removeItem(at: file)
        try manager.createSymbolicLink(atPath: file.path, withDestinationPath: "../../../blobs/1234")
        let dataset = try LeRobotDataset(opening: folder.dataset)
        let table = try dataset.loadTable()
        try table.check(table.actions, episodes: [0, 2])
        #expect(throws: LeRobotError.self) { try table.check(table.actions, episodes: [1]) }
        #expect(dataset.oddFields == ["data"])
    }

    @Test("whose list promises more rows than there can be do not count them")
    func impossibleLength() throws {
        var recording = OddRecording("v2.1", lengths: [2, 2])
        recording.texts[0].text = recording.texts[0].text.replacing(
            #"{"episode_index": 1, "tasks": ["do it"], "length": 2}"#,
            with: #"{"episode_index": 1, "tasks": ["do it"], "length": 4611686018427387904}"#
        )
        recording.files.removeLast()
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.episodes.map(\.length) == [2])
    }

    @Test("of the Hub's cache are pointed to")
    func hub() throws {
        try OddRecording().write(to: folder.url.appending(path: "snapshots/abc123"))
        let error = #expect(throws: LeRobotError.self) { try LeRobotDataset(opening: folder.url) }
        #expect(error?.description.contains("name the folder 'snapshots/abc123'") == true)
    }

    @Test(
        "of templates in Windows's notation, or from another root, are found",
        arguments: [
            #"data\\chunk-{chunk_index:03d}\\file-{file_index:03d}.parquet"#,
            "./data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
            "/data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        ]
    )
    func templates(path: String) throws {
        var recording = OddRecording()
        recording.setInfo("data_path", "\"\(path)\"")
        try opened(recording)
    }

    @Test("have groups of columns by modality.json where they have no names")
    func modality() throws {
        var recording = OddRecording()
        recording.setFeature("action", #"{"dtype": "float32", "shape": [3], "names": null}"#)
        recording.texts.append(
            (
                "meta/modality.json",
                #"{"action": {"hand": {"start": 2, "end": 3}, "arm": {"start": 0, "end": 2}}}"#
            )
        )
        let groups = try opened(recording).modalityGroups(of: "action")
        #expect(groups?.map(\.name) == ["arm", "hand"])
        #expect(groups?.map(\.columns) == [0 ..< 2, 2 ..< 3])
    }

    @Test("whose last line was cut off keep the others")
    func cutLine() throws {
        var recording = OddRecording("v2.1")
        recording.texts[0].text += #"{"episode_index": 2, "tas"#
        try opened(recording, warns: ["episodes.jsonl"])
    }
}
