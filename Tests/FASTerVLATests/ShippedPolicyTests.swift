import FASTerVLA
import Foundation
import GoldenTensors
import RobotTypes
import Testing
import Torch

/// Golden/make_shipped_golden.py says how the numbers came about.
@Suite("The shipped policy")
struct ShippedPolicyTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Models/fastervla-metaworld").standardizedFileURL

    @Test("replies to recorded frames as it did when they were recorded, to 1e-3")
    func replies() async throws {
        let golden = try GoldenTensors("shipped", in: .module)
        let policy = try await PolicyFolder.load(from: Self.folder, device: .cpu)
        let camera = try #require(policy.contract.cameras.first)
        for frame in 0 ..< 4 {
            let image = try golden.tensor("image.\(frame)")
            let prompt = try golden.tensor("prompt.\(frame)").values(as: UInt8.self)
            let observation = Observation(
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
            let found = try await policy.act(on: observation).chunk.values
            let expected = try golden.tensor("actions.\(frame)").floats
            #expect(found.count == expected.count)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-3 })
        }
    }
}
