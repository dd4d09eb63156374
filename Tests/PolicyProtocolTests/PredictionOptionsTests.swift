import PolicyProtocol
import RobotTypes
import Testing

@Suite("The options of a request")
struct PredictionOptionsTests {
    private func error(_ message: WireValue) -> String? {
        #expect(throws: PredictionOptionError.self) { try PredictionOptions(of: message) }?.description
    }

    @Test("are empty by default")
    func nothing() throws {
        #expect(try PredictionOptions(of: ["prompt": "lift"]) == PredictionOptions())
    }

    @Test("may hold a deadline, whole or not")
    func deadline() throws {
        #expect(try PredictionOptions(of: ["deadline_ms": .integer(20)]).deadline == .milliseconds(20))
        #expect(try PredictionOptions(of: ["deadline_ms": .double(2.5)]).deadline == .microseconds(2500))
        #expect(try PredictionOptions(of: ["deadline_ms": .double(1e300)]).deadline == .seconds(86_400))
        #expect(PredictionOptions.deadline(milliseconds: 1e300) == .seconds(86_400))
    }

    @Test("may hold a committed action prefix")
    func committedActions() throws {
        let actions = NDArray(shape: [2, 3], values: [1, 2, 3, 4, 5, 6])
        let committed = try #require(
            try PredictionOptions(of: ["committed_actions": .array(actions)]).committedActions
        )
        #expect(committed == ActionChunk(horizon: 2, dimension: 3, values: [1, 2, 3, 4, 5, 6]))
        let wrong: [(WireValue, String)] = [
            ("soon", "text"), (.array(NDArray(shape: [2], values: [1, 2])), "shape [2]"),
            (.array(NDArray(shape: [1, 2], values: [1, .nan])), "nan at step 0, column 1"),
        ]
        for (value, found) in wrong {
            #expect(
                error(["committed_actions": value])
                    == "committed_actions: expected finite numbers, [steps, columns], found \(found)"
            )
        }
    }

    @Test("may be a seed, also a negative one")
    func seed() throws {
        #expect(try PredictionOptions(of: ["seed": .integer(7)]).seed == 7)
        #expect(try PredictionOptions(of: ["seed": .integer(-1)]).seed == .max)
    }

    @Test("is refused with the field's name where it is no seed")
    func wrongSeed() {
        for (value, found) in [
            (.string("7"), "text"), (.double(7), "a number"), (.boolean(false), "a boolean"),
            (.null, "nothing (None)"),
        ] as [(WireValue, String)] {
            #expect(error(["seed": value]) == "seed: expected a whole number below 2^63, found \(found)")
        }
    }

    @Test(
        "is refused with the field's name where it is no deadline",
        arguments: [
            (.string("soon"), "text"), (.boolean(true), "a boolean"), (.null, "nothing (None)"),
            (.integer(0), "0.0"), (.double(-3), "-3.0"), (.double(.nan), "nan"), (.double(.infinity), "inf"),
        ] as [(WireValue, String)]
    )
    func wrongDeadline(value: WireValue, found: String) {
        #expect(
            error(["deadline_ms": value])
                == "deadline_ms: expected a positive number of milliseconds, found \(found)"
        )
    }
}
