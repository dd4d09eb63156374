import ActionTokenizers
import Foundation
import LeRobot
import RobotTypes
import TemporaryFolder
import Testing

@testable import Training

@Suite("Dataset mapping")
struct DatasetMappingTests {
    private let folder: TemporaryFolder

    private var data: URL { folder.appending(path: "data") }

    init() throws {
        folder = try TemporaryFolder()
        try SampleDemonstrations.write(to: data)
    }

    private func open(_ yaml: String) throws -> Demonstrations {
        try Demonstrations(opening: data, mapping: DatasetMapping(yaml: yaml, file: "robot.yaml"))
    }

    private func refusal(_ yaml: String) -> String {
        do {
            _ = try open(yaml)
            return "none"
        } catch { return "\(error)" }
    }

    @Test("joins columns of several features by name and position")
    func joined() throws {
        let plain = try Demonstrations(opening: data)
        let mapped = try open(
            """
            action:
              hand: {source: action, columns: gripper, type: gripper}
              arm: {source: observation.state, columns: [y, x], type: position, units: m}
              all: {source: [action, observation.state]}
            state:
              second: {columns: 1}
            """
        )
        #expect(mapped.actionSpace.description == "hand=0,arm=1:3,all=3:8")
        #expect(mapped.actionSpace.groups.map(\.kind) == [.gripper, .position, .other])
        let (actions, states) = (try plain.table.actions, try #require(plain.table.states))
        for row in [0, 30] {
            let (action, state) = (Array(actions.row(row)), Array(states.row(row)))
            let expected = [action[2], state[1], state[0]] + action + state
            #expect(Array(mapped.actions.values.row(row)) == expected)
            #expect(try Array(mapped.states().values.row(row)) == [state[1]])
        }
        #expect(mapped.actionNames == ["gripper", "y", "x", "x", "y", "gripper", "x", "y"])
        #expect(
            mapped.mappingLines == [
                "  action hand = action[gripper]: gripper, absolute, held behind an episode's end",
                "  action arm = observation.state[y, x]: position, m, absolute, held behind an episode's end",
                "  action all = action[x, y, gripper] + observation.state[x, y]: other, absolute, held behind an episode's end",
                "  state second = observation.state[y]",
            ]
        )
        #expect(
            plain.mappingLines == [
                "  action position = action[x, y]: position, held behind an episode's end",
                "  action gripper = action[gripper]: gripper, held behind an episode's end",
                "  state = observation.state[x, y]",
            ]
        )
    }

    @Test("pads changes and velocities with zero behind an episode's end, by mode or by name, and says so")
    func padding() throws {
        let modes = try open(
            "action: {arm: {source: action, columns: [x, y], mode: velocity}, hand: {source: action, columns: [gripper]}}"
        )
        #expect(modes.padding.isZero == [true, true, false])
        #expect(modes.mappingLines[0].hasSuffix("velocity, 0 behind an episode's end"))
        let named = try Demonstrations(opening: data, groups: "delta_position=0:2,gripper=2")
        #expect(named.padding.isZero == [true, true, false])
        #expect(named.mappingLines[0].hasSuffix("position, 0 behind an episode's end"))
        let absolute = try open("action: {delta_arm: {source: action, mode: absolute}}")
        #expect(absolute.padding.isZero == [false, false, false])
        let relative = try open("action: {delta_arm: {columns: 0:2, relative: true}, hand: {columns: 2}}")
        #expect(relative.padding.isZero == [false, false, false])
        let chunks = try named.chunks(horizon: 4, episodes: [0])
        let last = try #require(chunks.count > 1 ? chunks[chunks.count - 1] : nil)
        #expect(last.values[3 ..< 6] == [0, 0, last.values[2]] && last.values[0] != 0)
        let held = try Demonstrations(opening: data).chunks(horizon: 4, episodes: [0])
        #expect(held[held.count - 1].values[3 ..< 6] == held[held.count - 1].values[0 ..< 3])
    }

    @Test("makes chunks relative to their first state, with statistics of their own")
    func relative() throws {
        let demonstrations = try open(
            """
            action:
              arm: {columns: 0:2, relative: true}
              gripper: {columns: 2}
            """
        )
        let plain = try Demonstrations(opening: data)
        let recorded = try plain.chunks(horizon: 4, episodes: [1])
        let relative = try demonstrations.chunks(horizon: 4, episodes: [1])
        #expect(relative.validSteps == recorded.validSteps)
        let states = try plain.states().values
        for (chunk, step, column) in [(0, 0, 0), (5, 3, 1), (23, 2, 0)] {
            let index = (chunk * 4 + step) * 3 + column
            #expect(
                relative.values[index] == recorded.values[index]
                    - states.row(24 + chunk)[24 * 2 + chunk * 2 + column]
            )
        }
        #expect(relative.values[2] == recorded.values[2])
        let normalization = try demonstrations.actionNormalization(.quantiles, horizon: 4, episodes: [1])
        #expect(normalization.transform == demonstrations.transform)
        #expect(
            abs(
                normalization.statistics.max[0] - (0 ..< relative.count * 4).map { relative.values[$0 * 3] }
                    .max()!
            ) < 1e-6
        )
    }

    @Test("makes named columns relative to the state without a file, and angles that jump continuous")
    func named() throws {
        let folder = try TemporaryFolder()
        let writer = try DatasetWriter(
            creating: folder.appending(path: "turning"),
            DatasetDescription(
                fps: 10,
                robotType: "base",
                actionNames: ["x", "yaw", "dx"],
                stateNames: ["yaw", "x"]
            )
        )
        func angle(_ step: Int) -> Float { remainder(0.4 * Float(step), 2 * .pi) }
        try writer.addEpisode(
            states: (0 ..< 40).map { [angle($0), Float($0)] },
            actions: (0 ..< 40).map { [Float($0) + 1, angle($0 + 1), 1] },
            task: "turn"
        )
        try writer.finish()
        func open(_ relative: [String]) throws -> Demonstrations {
            try Demonstrations(opening: folder.appending(path: "turning"), relative: relative)
        }
        let turning = try open(["yaw", "0"])
        let wrap = ActionTransform.Wrap(from: -.pi, period: 2 * .pi)
        #expect(
            turning.transform?.parts == [
                .init(columns: 0 ..< 1, stateStart: 1), .init(columns: 1 ..< 2, stateStart: 0, wrap: wrap),
            ]
        )
        #expect(
            turning.mappingLines.contains {
                $0.contains("yaw relative to observation.state[yaw] at a chunk's start, wraps within -3.14")
            }
        )
        let chunks = try turning.chunks(horizon: 4, episodes: nil)
        for index in 0 ..< 36 * 4 {
            let step = Float(index % 4 + 1)
            #expect(abs(chunks.values[index * 3] - step) < 1e-4)
            #expect(abs(chunks.values[index * 3 + 1] - 0.4 * step) < 1e-4)
        }
        for (name, reason) in [
            ("dx", "a change or a velocity"), ("z", "expected columns or groups"),
            ("\(Int.max)", "expected columns or groups"),
        ] {
            let error = #expect(throws: DemonstrationsError.self) { try open([name]) }
            #expect(error?.description.contains(reason) == true)
        }
        let grouped = try Demonstrations(
            opening: folder.appending(path: "turning"),
            groups: "position=0,rotation=1,delta=2",
            relative: ["rotation"]
        )
        #expect(grouped.transform?.parts.map(\.start) == [1])
    }

    @Test("takes lists of features, with groups by the names of columns")
    func lists() throws {
        let mapped = try open(
            "action: [observation.state, {feature: action, columns: 2, group: hand, unit: m}]\nstate: [action]"
        )
        #expect(mapped.actionSpace.description == "position=0:2,hand=2")
        #expect(try mapped.states().dimension == 3)
        #expect(try mapped.states().parts.map(\.name) == ["action"])
    }

    @Test("is proposed for a dataset without an action")
    func proposal() throws {
        let file = data.appending(path: "meta/info.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacing("\"action\"", with: "\"actions.joint\"").write(
            to: file,
            atomically: true,
            encoding: .utf8
        )
        let error = #expect(throws: DemonstrationsError.self) { try Demonstrations(opening: data) }
        #expect(error?.description.contains("'action: [actions.joint]'") == true)
    }

    @Test("finds the part of the state by name")
    func relativePart() throws {
        let demonstrations = try open(
            """
            action:
              first: {columns: 0, relative: true, wraps: true, units: deg}
              second: {columns: 1, relative: other, wraps: 0:6.2831853}
            state:
              other: {columns: x}
              first: {columns: y}
            """
        )
        let transform = try #require(demonstrations.transform)
        #expect(transform.stateDimension == 2)
        #expect(transform.parts.map(\.stateStart) == [1, 0])
        #expect(transform.parts.map(\.wrap?.lowerBound) == [-180, 0])
    }

    @Test("names file, key, expected and found in every refusal")
    func refusals() {
        let cases = [
            ("", "robot.yaml: file: expected the key 'action'"),
            ("action: 3", "robot.yaml: action: expected a group of keys, found '3'"),
            ("action: {}", "robot.yaml: action: expected at least one group, found nothing"),
            ("actions: {a: {}}", "found 'actions'; did you mean 'action'?"),
            (
                "action: {arm: {colums: 1}}",
                "robot.yaml: action.arm: expected one of the keys source, feature, columns"
            ),
            ("action: {arm: {type: leg}}", "robot.yaml: action.arm.type: expected one of position"),
            ("action: {arm: {source: action.arm}}", "such as action, observation.state, found 'action.arm'"),
            (
                "action: {arm: {columns: 0:4}}",
                "robot.yaml: action.arm.columns: expected columns of 'action', which has 3, found 3"
            ),
            ("action: {arm: {columns: 3:3}}", "robot.yaml: action.arm.columns: expected first:end"),
            ("action: {arm: {columns: [x, z]}}", "expected names of 'action': x, y, gripper, found 'z'"),
            ("action: {arm: {columns: 0, source: [action, action]}}", "expected 'columns' of one source"),
            ("action: {arm: {mode: delta, relative: true}}", "expected false with mode delta"),
            (
                "action: {arm: {relative: true}}",
                "robot.yaml: action.arm.relative: expected columns of 'observation.state', which has 2"
            ),
            (
                "action: {arm: {columns: 0, relative: leg}}\nstate: {arm: {}}",
                "expected a part of 'state': arm, found 'leg'"
            ),
            (
                "action: {arm: {columns: 0, relative: true}}\nstate: {arm: {}}",
                "of 1 columns, found 'arm' of 2"
            ),
            (
                "action: {arm: {rotation: quaternion-xyzw}}",
                "expected a representation of 3 columns, found quaternion-xyzw of 4"
            ),
            ("action: {arm: {wraps: true, units: mm}}", "expected an interval such as -1:1"),
            ("action: {arm: {wraps: 3:1}}", "expected true, false or an interval"),
            (
                "action: {arm: {}}\ncameras: {observation.images.a: top, observation.images.b: top}",
                "a name of its own, found 'top' twice"
            ),
            ("action: [", "robot.yaml: file: expected YAML"),
        ]
        for (yaml, expected) in cases {
            let found = refusal(yaml)
            #expect(found.contains(expected), "\(yaml) gives \(found)")
        }
    }

    @Test("gives cameras the names of the mapping")
    func cameras() throws {
        let demonstrations = try open("action: {all: {}}\ncameras: {observation.images.front: top}")
        #expect(try demonstrations.cameras() == ["top"])
        #expect(try demonstrations.imageFeature(of: "top") == "observation.images.front")
        let absent = try open("action: {all: {}}\ncameras: {observation.images.wrist: wrist}")
        let error = #expect(throws: DatasetMappingError.self) { try absent.imageFeature(of: "wrist") }
        #expect(error?.description.contains("cameras.observation.images.wrist: expected one of") == true)
    }
}
