import FASTerVLA
import Foundation
import GoldenTensors
import RobotTypes
import Testing
import Torch

/// Golden/make_shipped_golden.py says how the numbers came about.
@Suite("The shipped policy")
struct ShippedPolicyTests {
    private static func folder(_ name: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Models/fastervla-\(name)").standardizedFileURL
    }

    @Test("replies to several robots at once what it replies to each, to 1e-5")
    func batch() async throws {
        let golden = try GoldenTensors("shipped", in: .module)
        let policy = try await PolicyFolder.load(from: Self.folder("metaworld"), device: .cpu)
        let observations = try (0 ..< 8).map { try observation(golden, frame: $0 % 4, policy) }
        let together = try await policy.act(on: observations)
        for (observation, found) in zip(observations, together) {
            let alone = try await policy.act(on: observation).chunk.values
            #expect(zip(found.chunk.values, alone).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    private func observation(_ golden: GoldenTensors, frame: Int, _ policy: FASTerVLAPolicy) throws
        -> Observation
    {
        let camera = try #require(policy.contract.cameras.first)
        let image = try golden.tensor("image.\(frame)")
        let prompt = try golden.tensor("prompt.\(frame)").values(as: UInt8.self)
        return Observation(
            images: [
                camera.name: Image(
                    width: camera.width,
                    height: camera.height,
                    pixels: image.values(as: UInt8.self)
                )
            ],
            state: try golden.tensor("state.\(frame)").floats,
            instruction: String(decoding: prompt, as: UTF8.self)
        )
    }

    @Test("replies to recorded frames as it did when they were recorded, to 1e-3")
    func replies() async throws {
        let golden = try GoldenTensors("shipped", in: .module)
        let policy = try await PolicyFolder.load(from: Self.folder("metaworld"), device: .cpu)
        for frame in 0 ..< 4 {
            let observation = try observation(golden, frame: frame, policy)
            let found = try await policy.act(on: observation).chunk.values
            let expected = try golden.tensor("actions.\(frame)").floats
            #expect(found.count == expected.count)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-3 })
        }
    }

    @Test(
        "for LIBERO takes its client's observations and replies with a second of actions that move the hand"
    )
    func libero() async throws {
        let policy = try await PolicyFolder.load(from: Self.folder("libero"), device: .cpu)
        let contract = policy.contract
        #expect(
            contract.cameras.compactMap { $0.name.split(separator: ".").last } == ["image", "wrist_image"]
        )
        let images = contract.cameras.map { camera in
            (camera.name, Image(width: 96, height: 96, pixels: Array(repeating: 120, count: 96 * 96 * 3)))
        }
        let observation = Observation(
            images: Dictionary(uniqueKeysWithValues: images),
            // The state at the start of LIBERO's episodes.
            state: [-0.2, 0, 1.17, 3.14, 0, -0.09, 0.04, -0.04],
            instruction: "pick up the black bowl on the stove and place it on the plate"
        )
        let chunk = try await policy.act(on: observation).chunk
        #expect(chunk.horizon == 20 && chunk.dimension == 7)
        #expect(chunk.values.allSatisfy { abs($0) <= 1.01 })
        let gripper = stride(from: 6, to: chunk.values.count, by: 7).map { chunk.values[$0] }
        #expect(gripper.prefix(5).allSatisfy { $0 < -0.9 }, "the gripper closes far from everything")
        #expect(chunk.values.contains { abs($0) > 0.1 && $0 > -0.9 }, "the hand rests")
    }
}
