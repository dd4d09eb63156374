import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import LeRobot

@Suite("Odd columns")
struct OddColumnTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "have names in every form",
        arguments: [
            (#"["a", "b", "c"]"#, [3], ["a", "b", "c"]), (#"[["a", "b", "c"]]"#, [3], ["a", "b", "c"]),
            (#"{"motors": ["a", "b", "c"]}"#, [3], ["a", "b", "c"]),
            (#"{"left": ["x", "y"], "arm": ["x", "z"]}"#, [4], ["left_x", "left_y", "arm_x", "arm_z"]),
            (#"{"z": ["z1", "z2"], "a": ["a1"]}"#, [3], ["z1", "z2", "a1"]),
            (#"{"units": ["m", "m"], "axes": ["x", "y"]}"#, [2], ["x", "y"]),
            (#"{"c": 2, "a": 0, "b": 1}"#, [3], ["a", "b", "c"]),
            (#"{"motors": {"b": 1, "a": 0}}"#, [2], ["a", "b"]),
            (
                #"["left_xyz", "right_xyz"]"#, [2, 3],
                ["left_x", "left_y", "left_z", "right_x", "right_y", "right_z"]
            ),
            (#"["xyzrpy", "gripper"]"#, [7], ["x", "y", "z", "roll", "pitch", "yaw", "gripper"]),
            (#"[{"name": "a"}, {"name": "b"}]"#, [2], ["a", "b"]), (#""x, y, z""#, [3], ["x", "y", "z"]),
            (#"{"1": "b", "10": "k", "0": "a"}"#, [3], ["a", "b", "k"]),
            (#"{"hand": [2, 3], "arm": [0, 2]}"#, [3], ["arm_0", "arm_1", "hand"]),
            (#"{"2": "c", "0": "a", "1": "b"}"#, [3], ["a", "b", "c"]),
            (#"["arm", "hand"]"#, [2, 2], ["arm_0", "arm_1", "hand_0", "hand_1"]),
            ("null", [3], nil), ("[]", [3], nil), (#"["a", "b"]"#, [3], nil),
            (#"["a", "b", "c", "d"]"#, [3], nil),
            ("7.5", [3], nil), (#"[null, "a", "b"]"#, [3], nil),
        ] as [(String, [Int], [String]?)]
    )
    func names(json: String, shape: [Int], expected: [String]?) throws {
        let names = FeatureNames(try JSONParser.parse(Data(json.utf8)), shape: shape)
        #expect(names.columns == expected)
        #expect((names.warning == nil) == (expected != nil || json == "null" || json == "[]"))
    }

    @Test(
        "of a camera are read from its marks",
        arguments: [
            (#"{"is_depth_map": true}"#, true), (#"{"video.is_depth_map": true}"#, true),
            (#"{"video.pix_fmt": "gray12le"}"#, true), (#"{"depth_unit": "mm"}"#, true),
            (#"{"video.is_depth_map": false, "video.pix_fmt": "yuv420p"}"#, false), ("{}", false),
            ("null", false),
        ],
        ["info", "video_info"]
    )
    func depthMarks(marks: (json: String, isDepth: Bool), block: String) throws {
        let json = #"{"dtype": "video", "shape": [4, 8, 3], "\#(block)": \#(marks.json)}"#
        let log = WarningLog { _ in }
        let feature = try Feature("top", try JSONParser.parse(Data(json.utf8)), file: "", log: log)
        #expect(feature.isDepth == marks.isDepth)
    }

    @Test(
        "have sizes by their shape, or the names of the axes",
        arguments: [
            ([48, 96, 3], "null"), ([3, 48, 96], "null"), ([3, 48, 96], #"["c", "h", "w"]"#),
            ([48, 96, 1], "null"),
            ([48, 96, 3], #"["height", "width", "rgb"]"#), ([48, 96], "null"),
            ([48, 96, 4], #"{"axes": ["height"]}"#),
        ]
    )
    func sizes(shape: [Int], names: String) throws {
        let json = #"{"dtype": "video", "shape": \#(shape), "names": \#(names)}"#
        let feature = try Feature(
            "top",
            try JSONParser.parse(Data(json.utf8)),
            file: "",
            log: WarningLog { _ in }
        )
        #expect(feature.imageSize == (48, 96))
    }

    @Test(
        "of numbers are read from every type",
        arguments: [
            "[float]", "[float;3]", "[double]", "[int32]", "[uint8]", "[[float;3]]", "[decimal]", "tensor",
        ]
    )
    func types(type: String) throws {
        var recording = OddRecording()
        let rows = (0 ..< 7).map { [$0, $0 * 2, 3] }
        recording.set("action", type, type.hasPrefix("[[") ? rows.map { [$0] } : rows)
        try recording.write(to: folder.dataset)
        let table = try LeRobotDataset(opening: folder.dataset).loadTable()
        #expect(try table.actions.values == rows.flatMap { $0.map(Float.init) })
    }

    @Test("of structs and text, and columns that are not described, are passed over")
    func passedOver() throws {
        var recording = OddRecording()
        let turns = (0 ..< 7).map { $0 % 2 == 0 ? [["role": "user", "content": "go"]] : nil }
        recording.set("language_events", "[language]", turns)
        recording.set("note", "coded_text", (0 ..< 7).map { "row \($0)" })
        recording.setFeature("language_events", #"{"dtype": "language", "shape": [1], "names": null}"#)
        recording.setFeature("effort", #"{"dtype": "float32", "shape": [2]}"#)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.oddFields.isEmpty)
        #expect(try dataset.loadTable().columns.keys.sorted() == ["action", "observation.state"])
        try dataset.checkColumns()
        #expect(dataset.oddFields == ["effort", "note"])
    }

    @Test(
        "with cells that are no numbers fail where they are used, with file, row and column",
        arguments: ["null", "NaN"]
    )
    func holes(cell: String) throws {
        var recording = OddRecording(lengths: [4, 3])
        let hole: Any? = cell == "NaN" ? "nan" : nil
        recording.set(
            "action",
            "[double]",
            (0 ..< 7).map { row -> [Any] in
                row == 5 ? [row, hole ?? NSNull(), 0] : [row, 1, 0]
            }
        )
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        let table = try dataset.loadTable()
        try table.check(table.actions, episodes: [0])
        let error = #expect(throws: LeRobotError.self) { try table.check(table.actions) }
        #expect(
            error?.description.contains(
                "file-000.parquet: field 'action': expected a finite number, found \(cell) in column 1 (episode), "
                    + "row 5 of the file, frame 1 of episode 1, frame 5 of the dataset"
            ) == true
        )
    }

    @Test("that are absent, or of another width than described, are named")
    func widths() throws {
        var recording = OddRecording()
        recording.setFeature("action", #"{"dtype": "float32", "shape": [5]}"#)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try dataset.loadTable().actions.dimension == 3)
        #expect(dataset.oddFields == ["features.action.shape"])
        recording.set("action", "[float]", (0 ..< 7).map { Array(repeating: 1, count: $0 == 4 ? 2 : 3) })
        try recording.write(to: folder.dataset)
        let table = try LeRobotDataset(opening: folder.dataset).loadTable()
        try table.check(table.actions, episodes: [0])
        let error = #expect(throws: LeRobotError.self) { try table.check(table.actions) }
        #expect(error?.description.contains("found a row with another number of values in column 0") == true)
        #expect(error?.description.contains("row 4 of the file") == true)
    }

    @Test("of bookkeeping are read from text, too")
    func textNumbers() throws {
        var recording = OddRecording()
        recording.set("episode_index", "text", ["0", "0", "0", "0", "1", "1", "1"])
        recording.set("task_index", "text", Array(repeating: "0", count: 7))
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.episodes.map(\.length) == [4, 3])
        #expect(try dataset.loadTable().taskIndex == Array(repeating: 0, count: 7))
    }

    @Test(
        "whose descriptions are odd are read as the rows have them, or passed over",
        arguments: [
            #"{"dtype": "float32", "shape": [0]}"#, #"{"dtype": "float32", "shape": [null, 2]}"#,
            #"{"dtype": "float32", "shape": "(2,)"}"#, #"{"dtype": "<f4", "shape": [2]}"#,
            #"{"dtype": "torch.float32"}"#, #"{"shape": [2]}"#, "null", "\"float32\"", "[1]",
        ]
    )
    func oddDescriptions(json: String) throws {
        var recording = OddRecording()
        recording.set("effort", "[float]", Array(repeating: [1, 2], count: 7))
        recording.setFeature("effort", json)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        let table = try dataset.loadTable()
        #expect(try table.rowsSeen == (0 ..< 7).map(Float.init))
        if json.contains("dtype") {
            #expect(try table.column("effort").values == Array(repeating: [1, 2], count: 7).flatMap(\.self))
        } else {
            #expect(table.columns["effort"] == nil)
            #expect(dataset.oddFields == ["features.effort"])
        }
    }

    @Test("of actions that are not described are read as the rows have them")
    func undescribed() throws {
        var recording = OddRecording()
        recording.setFeature("action", nil)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try dataset.loadTable().rowsSeen == (0 ..< 7).map(Float.init))
        #expect(dataset.oddFields == ["features.action"])
    }

    @Test("of tasks without numbers, with gaps, or with unknown ones give the episode's instruction")
    func tasks() throws {
        var recording = OddRecording()
        recording.set("task_index", "int64", [0, 0, 0, 0, -1, 9, nil])
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try dataset.loadTable().taskIndex == Array(repeating: 0, count: 7))
        #expect(dataset.oddFields == ["task_index"])
    }

    @Test("of statistics and times that differ from the rows are warned about")
    func statistics() throws {
        var recording = OddRecording()
        recording.texts.append(("meta/stats.json", #"{"action": {"min": [0, 0, 0], "max": [7, 1, NaN]}}"#))
        recording.set("timestamp", "float", (0 ..< 7).map { Double($0) / 5 })
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        try dataset.checkColumns()
        #expect(dataset.oddFields == ["timestamp", "action"])
    }
}
