import Foundation
import PythonPeer
import TemporaryFolder
import Testing

@Suite("faster data", .timeLimit(.minutes(10)))
struct DataTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("info says what the demonstrations hold")
    func info() async throws {
        let info = try await Program.object(["data", "info", "--json", Program.demonstrations], in: folder)
        #expect(info["episodes"] as? Int == 120)
        #expect(info["frames"] as? Int == 10_590)
        #expect(info["fps"] as? Double == 80)
        #expect(info["robot"] as? String == "sawyer")
        #expect(info["tasks"] as? [String] == ["open the drawer", "close the window", "close the door"])
        #expect(info["action_groups"] as? String == "position=0:3,gripper=3")
        let features = try #require(info["features"] as? [String: [String: Any]])
        #expect(features["observation.images.corner2"]?["shape"] as? [Int] == [96, 96, 3])
        #expect(features["action"]?["names"] as? [String] == ["delta_x", "delta_y", "delta_z", "gripper"])
        let text = try await Program.output(["data", "info", Program.demonstrations], in: folder)
        #expect(text.contains("episodes  120\n"))
    }

    @Test("frame writes the image that PyAV finds there")
    func frame() async throws {
        _ = try await Program.output(
            frame(of: Program.demonstrations, 4321, to: "images/frame.png"),
            in: folder
        )
        let golden = PythonPeer.packageRoot.appending(path: "Tests/fasterTests/Golden/frame-4321.png")
        let output = try await PythonPeer.run(
            "image.py",
            [folder.appending(path: "images/frame.png").path, golden.path]
        )
        let found = try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any])
        #expect(found["mode"] as? String == "RGB")
        #expect(found["size"] as? [Int] == [96, 96])
        // The frames before and after differ by more than 70 somewhere.
        #expect(try #require(found["largest"] as? Double) < 8)
        #expect(try #require(found["mean"] as? Double) < 2)
        #expect(folder.paths == ["images", "images/frame.png"])
    }

    private func frame(
        of data: String,
        _ index: Int,
        camera: String = "observation.images.corner2",
        to out: String = "f.png"
    ) -> [String] {
        ["data", "frame", data, "--index", "\(index)", "--camera", camera, "--out", out]
    }

    /// The message about a copy of the demonstrations, one of whose files `damage` changes.
    private func refusal(of file: String, _ damage: (Data) -> Data, _ arguments: [String]) async throws
        -> String
    {
        try folder.copy(Program.demonstrations, to: "data")
        try folder.change("data/\(file)", damage)
        let outcome = try await Program.refusal(arguments, in: folder)
        return outcome.replacing(folder.url.path + "/", with: "")
    }

    @Test("a folder that is not there is named")
    func noFolder() async throws {
        for arguments in [["data", "info", "nowhere"], frame(of: "nowhere", 0)] {
            let message = try await Program.refusal(arguments, in: folder)
            #expect(message.hasSuffix("/nowhere: no such folder; expected a LeRobot dataset"))
        }
    }

    @Test("a video that was cut is named, with the frame")
    func cutVideo() async throws {
        let file = "videos/observation.images.corner2/chunk-000/file-000.mp4"
        let message = try await refusal(
            of: file,
            { $0.prefix($0.count / 2) },
            frame(of: "data", 10_589)
        )
        #expect(message.hasPrefix("data/\(file): "))
    }

    @Test("a Parquet file cut in half is named")
    func cutParquet() async throws {
        let file = "data/chunk-000/file-000.parquet"
        let message = try await refusal(of: file, { $0.prefix($0.count / 2) }, ["data", "info", "data"])
        #expect(message.hasPrefix("data/\(file): cannot be read: "))
    }

    @Test("the errors about an unknown camera or frame name the known ones")
    func noFrame() async throws {
        let demonstrations = Program.demonstrations
        let camera = try await Program.refusal(
            frame(of: demonstrations, 0, camera: "wrist"),
            in: folder
        )
        #expect(
            camera
                == "the dataset has no camera 'wrist'; it has observation.images.corner2, observation.images.gripperPOV"
        )
        let frame = try await Program.refusal(
            frame(of: demonstrations, 10590),
            in: folder
        )
        #expect(frame.contains("10590 does not exist: the dataset has 10590, numbered from 0"))
    }

    @Test("an image that cannot be written is named")
    func unwritable() async throws {
        try folder.write("", to: "file")
        let message = try await Program.refusal(
            frame(of: Program.demonstrations, 0, to: "file/f.png"),
            in: folder
        )
        #expect(message.contains("/file") && message.contains("cannot be written: "))
    }

    @Test("results that find no room on the disk are an error, and remarks that find none are left out")
    func fullDisk() async throws {
        func run(_ command: String) async throws -> Outcome {
            let line = "'\(Program.url.path)' \(command)"
            return try await Running(["-c", line], of: URL(filePath: "/bin/sh"), in: folder).outcome()
        }
        let results = try await run("data info '\(Program.demonstrations)' --json > /dev/full")
        #expect(results.status == 1)
        #expect(results.errors.hasPrefix("Error: standard output: cannot be written: "))
        let fit = "tokenizer fit --kind binning --data '\(Program.demonstrations)' --out fitted"
        let remarks = try await run("\(fit) 2> /dev/full")
        #expect(remarks.status == 0 && remarks.output.hasPrefix("fitted: binning"))
    }
}
