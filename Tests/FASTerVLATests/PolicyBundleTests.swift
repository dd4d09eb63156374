import FASTerVQ
import Foundation
import RobotTypes
import Testing
import Torch

@testable import FASTerVLA

@Suite("Policies on disk")
struct PolicyBundleTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID().uuidString)")

    /// Writes a small policy.
    private func save() throws { try SmallPolicy.save(to: folder) }

    @Test("answer as they did before, with a chunk in the robot's range")
    func roundTrip() async throws {
        try save()
        let first = try await PolicyBundle.load(from: folder, device: .cpu).act(on: SmallPolicy.observation())
            .chunk
        let second = try await PolicyBundle.load(from: folder, device: .cpu).act(
            on: SmallPolicy.observation()
        ).chunk
        #expect(first == second)
        #expect(first.horizon == 8)
        #expect(first.dimension == 4)
        #expect(first.values.allSatisfy { abs($0) <= 1 })
        var settings = DecodingSettings()
        settings.blockSize = 1
        let tokenWise = try await PolicyBundle.load(from: folder, device: .cpu, decoding: settings).act(
            on: SmallPolicy.observation()
        )
        #expect(tokenWise.chunk.values.allSatisfy { $0.isFinite })
    }

    @Test("name what is wrong with an observation")
    func observations() async throws {
        try save()
        let policy = try PolicyBundle.load(from: folder, device: .cpu)
        let broken = await #expect(throws: ObservationError.self) {
            try await policy.act(on: SmallPolicy.observation(state: [0, .nan]))
        }
        #expect(broken?.description == "observation.state: value 1 is nan, expected a finite number")
        await #expect(throws: ObservationError.self) {
            try await policy.act(on: SmallPolicy.observation(state: [0]))
        }
    }

    @Test("are refused with a tokenizer of another robot")
    func otherRobot() throws {
        try save()
        try SmallPolicy.tokenizer("joints=0:4").save(to: folder.appending(path: "tokenizer"))
        let error = #expect(throws: PolicyBundleError.self) {
            try PolicyBundle.load(from: folder, device: .cpu)
        }
        #expect(
            error?.reason == "the tokenizer's action space is joints=0:4, the policy's position=0:3,gripper=3"
        )
    }

    @Test(
        "are refused when their own parts disagree",
        arguments: [
            (
                "\"height\" : 32,\n          \"keypoints\"",
                "\"height\" : 64,\n          \"keypoints\""
            ),
            (#""blockSize" : 5"#, #""blockSize" : 0"#),
        ]
    )
    func disagreement(from: String, to: String) throws {
        try save()
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try #require(text.contains(from))
        try Data(text.replacing(from, with: to).utf8).write(to: file)
        let error = #expect(throws: PolicyBundleError.self) {
            try PolicyBundle.load(from: folder, device: .cpu)
        }
        #expect(error?.file == file.path)
    }

    @Test("are refused when more codebooks are to be decoded than they have", arguments: [0, 4])
    func tooManyCodebooks(count: Int) throws {
        try save()
        var settings = DecodingSettings()
        settings.codebooks = count
        let error = #expect(throws: PolicyBundleError.self) {
            try PolicyBundle.load(from: folder, device: .cpu, decoding: settings)
        }
        #expect(error?.reason == "codebooks to decode: expected 1 ... 3, found \(count)")
    }

    @Test("are refused with numbers of sampling that make no sense, their own or given ones")
    func sampling() throws {
        try save()
        var settings = DecodingSettings()
        settings.topP = 1.5
        let given = #expect(throws: PolicyBundleError.self) {
            try PolicyBundle.load(from: folder, device: .cpu, decoding: settings)
        }
        #expect(given?.reason == "sampling: 'topP' should be above 0 and at most 1, found 1.5")
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing(#""temperature" : 0"#, with: #""temperature" : -1"#).utf8).write(to: file)
        let own = #expect(throws: PolicyBundleError.self) {
            try PolicyBundle.load(from: folder, device: .cpu)
        }
        #expect(own?.reason == "sampling: 'temperature' should be at least 0, found -1.0")
    }

    @Test("are refused when a file is missing or of a newer format")
    func missing() throws {
        try save()
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing(#""formatVersion" : 3"#, with: #""formatVersion" : 9"#).utf8).write(to: file)
        #expect(throws: PolicyBundleError.self) { try PolicyBundle.load(from: folder, device: .cpu) }
        try FileManager.default.removeItem(at: file)
        #expect(throws: PolicyBundleError.self) { try PolicyBundle.load(from: folder, device: .cpu) }
    }
}
