import PolicyProtocol
import PolicyServer

/// Replies with known chunks of actions for MetaWorld's arm, and keeps the committed prefix of every observation.
actor ChunkServer: MessageHandler {
    let horizon: Int
    private(set) var committed: [[[Float]]?] = []

    nonisolated let metadata: WireValue

    /// Serves chunks of `horizon` steps, and says so where `announces` does.
    init(horizon: Int, announces: Bool = true) {
        self.horizon = horizon
        metadata = [
            "observation": ["observation/state": ["shape": .list([.integer(4)]), "dtype": "float32"]],
            "action": announces ? ["horizon": .integer(Int64(horizon))] : [:],
        ]
    }

    /// Step `row` of the `chunk`-th reply: small motions that never repeat, and a gripper that jumps.
    static func action(chunk: Int, row: Int) -> [Float] {
        let number = Float(100 * chunk + row)
        return [number * 1e-4, (number * number).truncatingRemainder(dividingBy: 7) * 1e-2, -number * 2e-4]
            + [row.isMultiple(of: 2) ? 1 : -1]
    }

    func reply(to message: WireValue, connection: ConnectionID) async throws -> WireValue {
        let prefix = message.map?["committed_actions"]?.array
        committed.append(
            prefix.map { array in
                let values = array.floats()
                return (0 ..< array.shape[0]).map { Array(values[4 * $0 ..< 4 * $0 + 4]) }
            }
        )
        let rows = (0 ..< horizon).flatMap { Self.action(chunk: committed.count - 1, row: $0) }
        return ["actions": .array(NDArray(shape: [horizon, 4], values: rows))]
    }
}
