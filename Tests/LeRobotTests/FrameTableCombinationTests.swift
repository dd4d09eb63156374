import Foundation
import TemporaryFolder
import Testing

@testable import LeRobot

@Suite("Combined features")
struct FrameTableCombinationTests {
    private let folder: TemporaryFolder

    private var data: URL { folder.appending(path: "data") }

    init() throws { folder = try TemporaryFolder() }

    /// A recording of two episodes of 4 and 3 rows without `action`, with a joint angle, a quaternion and a gripper.
    private func recording() -> OddRecording {
        var recording = OddRecording()
        recording.set("action", "", nil)
        recording.setFeature("action", nil)
        recording.setFeature("actions.joint", #"{"dtype": "float32", "shape": [2, 1], "names": ["a", "b"]}"#)
        recording.set("actions.joint", "[float]", (0 ..< 7).map { [3 + 0.1 * Double($0), Double($0)] })
        recording.setFeature("actions.gripper", #"{"dtype": "float64", "shape": [1], "names": null}"#)
        recording.set("actions.gripper", "double", (0 ..< 7).map { Double($0 % 2) })
        recording.setFeature("rotation", #"{"dtype": "float32", "shape": [4]}"#)
        recording.set("rotation", "[float]", (0 ..< 7).map { $0 % 2 == 0 ? [0, 0, 0, 1] : [0, 0, 0, -1] })
        return recording
    }

    private func table(_ recording: OddRecording) throws -> FrameTable {
        try recording.write(to: data)
        return try LeRobotDataset(opening: data).loadTable()
    }

    @Test("have the columns and names of their parts, in order")
    func parts() throws {
        var table = try table(recording())
        let slices = [
            ColumnSlice(feature: "actions.gripper"), ColumnSlice(feature: "actions.joint", columns: 1 ..< 2),
        ]
        #expect(try table.combine("action", of: slices) == [1, 1])
        #expect(try table.actions.values == (0 ..< 7).flatMap { [Float($0 % 2), Float($0)] })
        #expect(table.columnNames(of: "action") == ["actions.gripper.0", "actions.joint.b"])
        #expect(table.columnNames(of: "actions.joint") == ["a", "b"])
        #expect(table.columnNames(of: "actions.gripper") == nil)
        try table.check(table.actions)
    }

    @Test("may be parts of themselves")
    func again() throws {
        var table = try table(OddRecording())
        try table.combine("action", of: [ColumnSlice(feature: "action", columns: 1 ..< 3)])
        #expect(table.columnNames(of: "action") == ["episode", "frame"])
        try table.combine("action", of: [ColumnSlice(feature: "action", columns: 1 ..< 2)])
        #expect(table.columnNames(of: "action") == ["frame"])
        #expect(try table.actions.values == [0, 1, 2, 3, 0, 1, 2])
    }

    @Test("are continuous within an episode where that is asked for")
    func continuity() throws {
        var recording = recording()
        let angles = [3.0, 3.1, -3.1, -2.9, 3.1, -3.1, 3.1]
        recording.set("actions.joint", "[float]", angles.map { [$0, $0 * 180 / .pi] })
        var table = try table(recording)
        try table.combine(
            "action",
            of: [
                ColumnSlice(feature: "actions.joint", columns: 0 ..< 1, continuity: .radians),
                ColumnSlice(feature: "actions.joint", columns: 1 ..< 2, continuity: .degrees),
                ColumnSlice(feature: "rotation", continuity: .quaternion),
            ]
        )
        let expected = [3, 3.1, 2 * .pi - 3.1, 2 * .pi - 2.9, 3.1, 2 * .pi - 3.1, 3.1]
        let signs: [Float] = [1, 1, 1, 1, 1, 1, 1]
        for row in 0 ..< 7 {
            let values = Array(try table.actions.row(row))
            #expect(abs(Double(values[0]) - expected[row]) < 1e-5)
            #expect(abs(Double(values[1]) * .pi / 180 - expected[row]) < 1e-5)
            // The second episode keeps its own first sign: row 4 is even.
            #expect(values[5] == signs[row])
        }
    }

    @Test("name the recorded feature and column of a value that is none")
    func hole() throws {
        var recording = recording()
        recording.set("actions.joint", "[float]", (0 ..< 7).map { [1, $0 == 5 ? nil : 1] as [Any?] })
        var table = try table(recording)
        try table.combine(
            "action",
            of: [ColumnSlice(feature: "actions.gripper"), ColumnSlice(feature: "actions.joint")]
        )
        let error = #expect(throws: LeRobotError.self) { try table.check(table.actions) }
        #expect(error?.description.contains("field 'actions.joint'") == true)
        #expect(error?.description.contains("null in column 1 (b), row 5 of the file") == true)
    }

    @Test("refuse parts that do not exist")
    func absent() throws {
        var table = try table(recording())
        for slice in [
            ColumnSlice(feature: "joint"), ColumnSlice(feature: "actions.joint", columns: 1 ..< 3),
            ColumnSlice(feature: "actions.joint", continuity: .quaternion),
        ] {
            #expect(throws: LeRobotError.self) { try table.combine("action", of: [slice]) }
        }
        #expect(table.columns["action"] == nil)
    }
}
