import Foundation
import LeRobot
import RobotTypes
import Support
import TemporaryFolder
import Testing

@testable import Training

@Suite("Feature mapping")
struct FeatureMappingTests {
    private let folder: TemporaryFolder

    private var data: URL { folder.appending(path: "data") }

    init() throws { folder = try TemporaryFolder() }

    @Test("is read from YAML, parts by name or by keys")
    func reading() throws {
        let mapping = try FeatureMapping(
            yaml: """
                action:
                  - feature: arm
                    columns: 0:6
                    group: joints
                    unit: rad
                    continuity: radians
                    relative: false
                  - {feature: arm, columns: 6, relative: true}
                state: [arm.state]
                """
        )
        #expect(
            mapping.action[0].slice == ColumnSlice(feature: "arm", columns: 0 ..< 6, continuity: .radians)
        )
        #expect((mapping.action[0].group, mapping.action[0].unit) == ("joints", "rad"))
        #expect(mapping.action.map(\.isRelative) == [false, true])
        #expect(mapping.action[1].slice.columns == 6 ..< 7)
        #expect(mapping.state.map(\.slice) == [ColumnSlice(feature: "arm.state")])
        #expect(mapping.description == "action = arm[0:6] in rad + arm[6:7]; state = arm.state")
    }

    @Test(
        "names the key that cannot be read",
        arguments: [
            ("[1, 2]", "mapping"), ("", "mapping"), ("{}", "mapping"), ("actions: [a]", "mapping"),
            ("action: arm", "action"), ("action: []", "action"), ("action: [[a]]", "action[0]"),
            ("action: [a, {feature: b, colums: 3}]", "action[1]"),
            ("action: [{group: b}]", "action[0].feature"),
            ("action: [{feature: b, columns: 3:3}]", "action[0].columns"),
            ("action: [{feature: b, continuity: euler}]", "action[0].continuity"),
            ("state: [{feature: b, relative: 3}]", "state[0].relative"),
        ]
    )
    func mistakes(yaml: String, key: String) throws {
        let error = #expect(throws: InvalidValue.self) { try FeatureMapping(yaml: yaml) }
        #expect(error?.key == key)
    }

    @Test("composes action and state of a dataset, with groups of its own")
    func composition() throws {
        try SampleDemonstrations.write(to: data, cameras: [])
        let mapping = try FeatureMapping(
            yaml: """
                action:
                  - {feature: observation.state, group: tip}
                  - {feature: action, columns: 2}
                state: [{feature: action, columns: 0:2}]
                """
        )
        let demonstrations = try Demonstrations(opening: data, mapping: mapping)
        #expect(demonstrations.actionSpace.description == "tip=0:2,gripper=2")
        #expect(demonstrations.actionNames == ["observation.state.x", "observation.state.y", "gripper"])
        let plain = try Demonstrations(opening: data)
        let row = 7
        let (states, actions) = (try plain.states(), try plain.table.actions)
        #expect(
            try Array(demonstrations.table.actions.row(row)) == states.row(row) + [actions.row(row).last ?? 0]
        )
        let grouped = try Demonstrations(opening: data, groups: "joints=0:3", mapping: mapping)
        #expect(grouped.actionSpace.description == "joints=0:3")
    }

    @Test("keeps groups of one kind apart that different parts have")
    func groups() throws {
        let mapping = try FeatureMapping(
            yaml: "action: [a, b, {feature: c, group: left}, {feature: d, group: left}]"
        )
        let space = try mapping.actionSpace(
            [3, 4, 1, 2],
            names: ["a.x", "a.y", "a.z", "b.x", "b.y", "b.z", "b.grip", "c.0", "d.0", "d.1"]
        )
        #expect(space.description == "position=0:3,position_2=3:6,gripper=6,left=7:10")
    }

    @Test("is proposed for a dataset without an action")
    func proposal() throws {
        try SampleDemonstrations.write(to: data, cameras: [])
        let file = data.appending(path: "meta/info.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacing("\"action\"", with: "\"actions.joint\"").write(
            to: file,
            atomically: true,
            encoding: .utf8
        )
        let error = #expect(throws: DemonstrationsError.self) { try Demonstrations(opening: data) }
        #expect(error?.description.contains("'action: [{feature: actions.joint}]'") == true)
    }
}
