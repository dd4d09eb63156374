import ActionTokenizers
import FASTerVLA
import PolicyProtocol
import PolicyServer
import RobotTypes
import Testing

@Suite("A served policy")
struct FASTerVLAPolicyTests {
    /// The reply of a server that asks `policy`.
    private func reply(of policy: FASTerVLAPolicy, _ options: WireMap = WireMap()) async throws -> WireMap {
        let handler = PolicyHandler(policy: policy, serverName: "faster", version: "0.1.0")
        let message = SmallPolicy.message(options)
        return try #require(try await handler.reply(to: message, connection: ConnectionID(number: 1)).map)
    }

    private func actions(_ reply: WireMap) throws -> [Float] {
        try #require(reply["actions"]?.array).floats()
    }

    @Test("says what prefix, blocks and detokenization took, in no more time than it took in all")
    func timing() async throws {
        let timing = try #require(try await reply(of: SmallPolicy.policy().policy)["policy_timing"]?.map)
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

    @Test("decodes all codebooks when there is time, and one when there is none")
    func deadlines() async throws {
        let (policy, _) = try SmallPolicy.policy()
        let unhurried = try await reply(of: policy)
        let generous = try await reply(of: policy, ["deadline_ms": .integer(60_000)])
        for reply in [unhurried, generous] {
            #expect(reply["codebooks"] == .integer(3) && reply["codebooks_total"] == .integer(3))
        }
        #expect(generous["actions"] == unhurried["actions"])
        let hurried = try await reply(of: policy, ["deadline_ms": .double(1e-6)])
        #expect(hurried["codebooks"] == .integer(1) && hurried["codebooks_total"] == .integer(3))
        #expect(try actions(hurried).count == 32 && actions(hurried).allSatisfy { $0.isFinite })
    }

    @Test("takes its own deadline for requests that name none")
    func ownDeadline() async throws {
        var settings = DecodingSettings()
        settings.deadline = .nanoseconds(1)
        let (policy, _) = try SmallPolicy.policy(settings)
        #expect(try await reply(of: policy)["codebooks"] == .integer(1))
        #expect(try await reply(of: policy, ["deadline_ms": .integer(60_000)])["codebooks"] == .integer(3))
    }

    @Test(
        "with fewer codebooks, replies with what its tokenizer decodes from the first codes",
        arguments: [1, 2, 3]
    )
    func fewerCodebooks(count: Int) async throws {
        let (whole, all) = try SmallPolicy.policy()
        _ = try await reply(of: whole)
        var settings = DecodingSettings()
        settings.codebooks = count
        let (policy, tokenizer) = try SmallPolicy.policy(settings)
        let reply = try await reply(of: policy)
        #expect(reply["codebooks"] == .integer(Int64(count)))
        let positions = try #require(all.layout.latentPositionCount)
        let codes = Array(all.codes.prefix(count * positions))
        #expect(tokenizer.codes == codes)
        let expected = try all.chunks(for: [codes]).values
        #expect(try actions(reply) == all.normalization.restored(expected))
    }

    @Test("ends a chunk early where it is told to, and says with how many codebooks, tokens and forwards")
    func earlyEnd() async throws {
        var settings = DecodingSettings()
        settings.codebooks = 1
        let coarse = try await reply(of: SmallPolicy.policy(settings).policy)
        let whole = try await reply(of: SmallPolicy.policy().policy)
        settings.codebooks = nil
        for (threshold, codebooks, expected) in [(0, 1, coarse), (1, 3, whole)] as [(Double, Int, WireMap)] {
            settings.endThreshold = threshold
            let (policy, tokenizer) = try SmallPolicy.policy(settings, earlyEnd: EarlyEnd(tolerance: 0.05))
            let found = try await reply(of: policy)
            let positions = try #require(tokenizer.layout.latentPositionCount)
            #expect(found["codebooks"] == .integer(Int64(codebooks)))
            #expect(found["codebooks_total"] == .integer(3))
            #expect(found["tokens"] == .integer(Int64(codebooks * positions)))
            guard case .list(let blocks) = found["policy_timing"]?.map?["blocks_ms"] else {
                Issue.record("no list of blocks: \(found)")
                return
            }
            #expect(blocks.count == codebooks)
            #expect(found["actions"] == expected["actions"])
        }
        // Samples end on their own, and are averaged with what each has.
        (settings.endThreshold, settings.sampleCount, settings.temperature) = (0.5, 8, 2)
        let (policy, _) = try SmallPolicy.policy(settings, earlyEnd: EarlyEnd(tolerance: 0.05))
        let mean = try await reply(of: policy)
        #expect(try actions(mean).count == 32 && actions(mean).allSatisfy { $0.isFinite })
    }

    @Test("samples equal codes from equal seeds, and others from another seed")
    func seeds() async throws {
        var settings = DecodingSettings()
        settings.temperature = 2
        let (policy, tokenizer) = try SmallPolicy.policy(settings)
        var codes: [[Int]] = []
        for seed in [5, 6, 5] as [Int64] {
            _ = try await reply(of: policy, ["seed": .integer(seed)])
            codes.append(tokenizer.codes)
            _ = try await reply(of: policy)
        }
        #expect(codes[0] == codes[2])
        #expect(codes[0] != codes[1])
    }

    @Test("replies with the mean of several samples, which approaches the expected actions")
    func sampleMean() async throws {
        func replies(_ samples: Int) async throws -> [[Float]] {
            var settings = DecodingSettings()
            (settings.sampleCount, settings.temperature, settings.topK) = (samples, 2, 0)
            let (policy, _) = try SmallPolicy.policy(settings)
            var found: [[Float]] = []
            for seed in 1 ... 6 as ClosedRange<Int64> {
                found.append(try actions(try await reply(of: policy, ["seed": .integer(seed)])))
            }
            return found
        }
        func spread(_ replies: [[Float]]) -> Float {
            let means = replies[0].indices.map { index in
                replies.reduce(0) { $0 + $1[index] } / Float(replies.count)
            }
            return replies.reduce(0) { sum, reply in
                sum + zip(reply, means).reduce(0) { $0 + abs($1.0 - $1.1) }
            }
        }
        let (one, many) = (try await replies(1), try await replies(32))
        #expect(many[0].count == one[0].count)
        #expect(spread(many) < 0.5 * spread(one))
    }

    @Test("continues a committed action prefix, where it was trained to")
    func committedPrefix() async throws {
        func message(_ steps: Int, _ value: Float) -> WireMap {
            let values = [Float](repeating: value, count: steps * 4)
            return ["committed_actions": .array(NDArray(shape: [steps, 4], values: values))]
        }
        let (policy, tokenizer) = try SmallPolicy.policy(committedSteps: 3)
        #expect(policy.contract.committedSteps == 3)
        var codes: [[Int]] = []
        for value in [-1, 1] as [Float] {
            _ = try await reply(of: policy, message(3, value))
            codes.append(tokenizer.codes)
        }
        #expect(codes[0] != codes[1])
        // What lies beyond all that was recorded, which is 1 at most, counts as its edge.
        _ = try await reply(of: policy, message(3, 3e38))
        #expect(tokenizer.codes == codes[1])
        let error = await #expect(throws: PredictionOptionError.self) {
            try await reply(of: policy, message(4, 0))
        }
        #expect(
            error?.description
                == "committed_actions: expected at most 3 steps of 4 columns, found shape [4, 4]"
        )
        // A policy that was not ignores them.
        let (other, _) = try SmallPolicy.policy()
        #expect(try await reply(of: other, message(9, 0))["actions"] == reply(of: other)["actions"])
    }

    @Test("replies for a state beyond all that was recorded, however far")
    func absurdState() async throws {
        let (policy, _) = try SmallPolicy.policy()
        let values: [Float] = [1e20, -1e20]
        let reply = try await reply(
            of: policy,
            ["observation/state": .array(NDArray(shape: [2], values: values))]
        )
        #expect(try actions(reply).allSatisfy { $0.isFinite })
    }

    @Test("refuses a deadline that is none, naming the field")
    func wrongDeadline() async throws {
        let (policy, _) = try SmallPolicy.policy()
        let error = await #expect(throws: PredictionOptionError.self) {
            try await reply(of: policy, ["deadline_ms": "soon"])
        }
        #expect(error?.key == "deadline_ms")
    }
}
