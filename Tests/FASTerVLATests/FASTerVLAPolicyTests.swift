import FASTerVLA
import PolicyProtocol
import PolicyServer
import RobotTypes
import Testing

@Suite("A served policy")
struct FASTerVLAPolicyTests {
    /// The reply of a server that asks `policy`.
    private func reply(of policy: FASTerVLAPolicy, to message: WireValue = SmallPolicy.message()) async throws
        -> WireMap
    {
        let handler = PolicyHandler(policy: policy, serverName: "faster", version: "0.1.0")
        return try #require(try await handler.reply(to: message, connection: ConnectionID(number: 1)).map)
    }

    @Test("says what prefix, blocks and detokenization took, in no more time than it took in all")
    func timing() async throws {
        let timing = try #require(try await reply(of: SmallPolicy.policy())["policy_timing"]?.map)
        let whole = try #require(timing["infer_ms"]?.number)
        guard case .list(let blocks) = timing["blocks_ms"] else {
            Issue.record("no list of blocks: \(timing)")
            return
        }
        #expect(blocks.count == 3)
        let stages = ([timing["prefix_ms"], timing["detokenize_ms"]] + blocks).compactMap { $0?.number }
        #expect(stages.count == 5 && stages.allSatisfy { $0 >= 0 })
        #expect(stages.reduce(0, +) <= whole)
    }
}
