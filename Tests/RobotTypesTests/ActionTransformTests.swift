import Foundation
import Support
import Testing

@testable import RobotTypes

@Suite("Action transform")
struct ActionTransformTests {
    private func chunks(_ rows: [[Float]]) -> ActionChunks {
        ActionChunks(count: 1, horizon: rows.count, dimension: rows[0].count, values: rows.flatMap(\.self))
    }

    private func expect(_ found: [Float], _ expected: [Float], within tolerance: Float = 1e-5) {
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) { #expect(abs(found - expected) < tolerance) }
    }

    @Test("subtracts the first state from every step of a part, and adds it again")
    func relative() {
        let transform = ActionTransform(stateDimension: 3, parts: [.init(columns: 0 ..< 2, stateStart: 1)])
        let recorded = chunks([[1, 2, 9], [2, 3, 8]])
        let relative = transform.transformed(recorded, states: [7, 1, 0.5])
        #expect(relative.values == [0, 1.5, 9, 1, 2.5, 8])
        #expect(transform.restored(relative, states: [7, 1, 0.5]) == recorded)
        // At another state, the same motion ends elsewhere.
        #expect(transform.restored(relative, states: [7, 2, 0.5]).values == [2, 2, 9, 3, 3, 8])
    }

    @Test("takes the short way around, and comes back into the interval")
    func wraps() {
        let wrap = ActionTransform.Wrap(from: -180, period: 360)
        let relative = ActionTransform(
            stateDimension: 1,
            parts: [.init(columns: 0 ..< 1, stateStart: 0, wrap: wrap)]
        )
        let recorded = chunks([[-179], [-178], [179]])
        let found = relative.transformed(recorded, states: [179])
        expect(found.values, [2, 3, 0])
        expect(relative.restored(found, states: [179]).values, [-179, -178, 179])
        let absolute = ActionTransform(stateDimension: 0, parts: [.init(columns: 0 ..< 1, wrap: wrap)])
        let continuous = absolute.transformed(recorded, states: [])
        expect(continuous.values, [-179, -178, -181])
        expect(absolute.restored(continuous, states: []).values, [-179, -178, 179])
    }

    @Test("wraps within the interval that the robot uses")
    func interval() {
        let wrap = ActionTransform.Wrap(from: 0, period: 2 * .pi)
        let transform = ActionTransform(
            stateDimension: 1,
            parts: [.init(columns: 0 ..< 1, stateStart: 0, wrap: wrap)]
        )
        let recorded = chunks([[6.2], [0.1]])
        let found = transform.transformed(recorded, states: [6.1])
        expect(found.values, [0.1, 0.1 + 2 * .pi - 6.1])
        expect(transform.restored(found, states: [6.1]).values, [6.2, 0.1])
    }

    @Test("keeps the signs of quaternions along a chunk", arguments: [true, false])
    func quaternionSigns(isRelative: Bool) {
        let transform = ActionTransform(
            stateDimension: 4,
            parts: [.init(columns: 0 ..< 4, stateStart: isRelative ? 0 : nil, rotation: .quaternionXYZW)]
        )
        func turn(_ angle: Float, _ sign: Float = 1) -> [Float] {
            [0, 0, sign * sin(angle / 2), sign * cos(angle / 2)]
        }
        let state = turn(0.5, -1)
        let found = transform.transformed(
            chunks([turn(0.6), turn(0.7, -1), turn(0.8)]),
            states: state
        )
        let origin: Float = isRelative ? 0.5 : 0
        expect(found.values, [0.6, 0.7, 0.8].flatMap { turn($0 - origin) })
        let restored = transform.restored(found, states: state)
        let sign: Float = isRelative ? -1 : 1
        expect(restored.values, [0.6, 0.7, 0.8].flatMap { turn($0, sign) })
        // A decoded quaternion is not quite of unit length.
        let scaled = chunks([[0, 0, 0.3, 1.2]])
        let length = transform.restored(scaled, states: state).values.reduce(0) { $0 + $1 * $1 }
        #expect(abs(length - 1) < 1e-6)
    }

    @Test("composes rotation vectors", arguments: [Float(0), 1, 3])
    func axisAngle(turn: Float) {
        let transform = ActionTransform(
            stateDimension: 3,
            parts: [.init(columns: 0 ..< 3, stateStart: 0, rotation: .axisAngle)]
        )
        let recorded = chunks([[0, 0, 0.2 + turn], [0.1, -0.2, 0.3]])
        let found = transform.transformed(recorded, states: [0, 0, turn])
        expect(Array(found.values[0 ..< 3]), [0, 0, 0.2])
        // 3.2 radians are the same rotation as 2 pi less.
        let first = 0.2 + turn > .pi ? 0.2 + turn - 2 * Float.pi : 0.2 + turn
        expect(transform.restored(found, states: [0, 0, turn]).values, [0, 0, first, 0.1, -0.2, 0.3])
    }

    @Test("is stored with the normalization that it belongs to")
    func stored() throws {
        let statistics = FeatureStatistics(mean: [0], std: [1], q01: [0], q99: [1], min: [0], max: [1])
        var normalization = Normalization(method: .quantiles, statistics: statistics)
        let plain = try JSONEncoder().encode(NormalizationSet(["actions": normalization]))
        #expect(!String(decoding: plain, as: UTF8.self).contains("transform"))
        #expect(try JSONDecoder().decode(NormalizationSet.self, from: plain)["actions"] == normalization)
        normalization.transform = ActionTransform(
            stateDimension: 2,
            parts: [.init(columns: 0 ..< 1, stateStart: 1, wrap: .init(from: 0, period: 360))]
        )
        let data = try JSONEncoder().encode(NormalizationSet(["actions": normalization]))
        #expect(try JSONDecoder().decode(NormalizationSet.self, from: data)["actions"] == normalization)
    }

    @Test("refuses parts beyond the columns")
    func refusals() throws {
        func error(_ part: ActionTransform.Part) -> String? {
            let transform = ActionTransform(stateDimension: 2, parts: [part])
            return #expect(throws: InvalidValue.self) { try transform.validate(columns: 3) }?.description
        }
        let negative = ActionTransform(stateDimension: .min, parts: [.init(columns: 0 ..< 1, stateStart: 0)])
        #expect(throws: InvalidValue.self) { try negative.validate(columns: 3) }
        #expect(error(.init(columns: 2 ..< 4))?.contains("columns within 0:3") == true)
        #expect(error(.init(columns: 0 ..< 2, stateStart: 1))?.contains("the state's 0:2") == true)
        #expect(error(.init(columns: 0 ..< 1, wrap: .init(from: 0, period: 0)))?.contains("wrap") == true)
        #expect(error(.init(columns: 0 ..< 3, rotation: .quaternionWXYZ))?.contains("4 columns") == true)
    }
}
