import ActionTokenizers
import PolicyProtocol
import PolicyServer
import Recording
import RobotTypes
import Testing

@Suite("Episodes given back")
struct RoundTripServerTests {
    private let actions: [Float] = [0.5, -0.25, 0.1, 0.9, -0.7]

    private func server() -> RoundTripServer {
        let statistics = FeatureStatistics(mean: [0], std: [1], q01: [-1], q99: [1], min: [-1], max: [1])
        let binning = BinningTokenizer(
            horizon: 2,
            normalization: Normalization(method: .quantiles, statistics: statistics),
            binCount: 4
        )
        return RoundTripServer([("raw", nil), ("coarse", binning)])
    }

    private func ask(_ message: WireValue) async throws -> WireMap? {
        try await server().reply(to: message, connection: ConnectionID(number: 1)).map?["actions"]?.map
    }

    @Test("come as they were, and as every tokenizer executes them")
    func versions() async throws {
        let array = NDArray(shape: [5, 1], values: actions)
        let found = try #require(try await ask(.map(["replay": "episode", "action": .array(array)])))
        #expect(found.keys == ["raw", "coarse"])
        #expect(found["raw"]?.array?.floats() == actions)
        #expect(found["coarse"]?.array?.floats() == [0.75, -0.25, 0.25, 0.75, -0.75])
        #expect(found["coarse"]?.array?.shape == [5, 1])
    }

    @Test("are refused where they are no episode, or not a tokenizer's actions")
    func refusals() async throws {
        let wide = NDArray(shape: [1, 5], values: actions)
        for (message, reason) in [
            (WireValue.map(["record": "episode"]), "replay: expected 'episode', found nothing"),
            (.map(["replay": "episode"]), "action: expected an array [n, columns], found nothing"),
            (
                .map(["replay": "episode", "action": .array(wide)]),
                "coarse: step 0: expected 1 columns, found 5"
            ),
        ] {
            let error = await #expect(throws: RecordingError.self) { try await ask(message) }
            #expect(error?.description == reason)
        }
    }
}
