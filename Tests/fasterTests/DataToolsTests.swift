import Foundation
import LeRobot
import PythonPeer
import RobotTypes
import TemporaryFolder
import Testing

@Suite("faster data tools", .timeLimit(.minutes(10)))
struct DataToolsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("filter, split and merge give the same numbers again, with copied packets")
    func around() async throws {
        let data = Program.demonstrations
        let filtered = try await Program.output(
            ["data", "filter", data, "--episodes", "0:2,40:42,80", "--out", "some"],
            in: folder
        )
        #expect(
            filtered.contains("of 10 segments of video 10 copied, 0 encoded anew")
        )
        _ = try await Program.output(
            ["data", "split", "some", "--part", "a=0:2", "--part", "b=2:5", "--out", "parts"],
            in: folder
        )
        _ = try await Program.output(["data", "merge", "parts/a", "parts/b", "--out", "again"], in: folder)
        for file in ["data/chunk-000/file-000.parquet", "meta/stats.json", "meta/info.json"] {
            let first = try Data(contentsOf: folder.appending(path: "some/\(file)"))
            #expect(try Data(contentsOf: folder.appending(path: "again/\(file)")) == first, "\(file)")
        }
        let check = try await Program.run(["data", "check", "again", "--json"], in: folder)
        #expect(check.status == 0, "\(check.output)")
        let statistics = try await Program.object(["data", "stats", "again", "--json"], in: folder)
        let action = try #require(statistics["action"] as? [String: [Double]])
        #expect(action["q01"]?.count == 4)
    }

    @Test("split draws by seed, and the parts have no episode in common")
    func fractions() async throws {
        let arguments = ["data", "split", "some", "--fractions", "train=0.75,test=0.25", "--seed", "3"]
        _ = try await Program.output(
            [
                "data", "filter", Program.demonstrations, "--episodes", "0:4", "--without",
                "observation.images.corner2", "--without", "observation.images.gripperPOV", "--out", "some",
            ],
            in: folder
        )
        for out in ["x", "y"] { _ = try await Program.output(arguments + ["--out", out], in: folder) }
        for part in ["train", "test"] {
            let file = "\(part)/data/chunk-000/file-000.parquet"
            let first = try Data(contentsOf: folder.appending(path: "x/\(file)"))
            #expect(try Data(contentsOf: folder.appending(path: "y/\(file)")) == first)
        }
        let info = try await Program.object(["data", "info", "--json", "x/train"], in: folder)
        #expect(info["episodes"] as? Int == 3)
    }

    @Test("check says what is wrong with its status, and repair mends it")
    func repair() async throws {
        try folder.copy(Program.demonstrations, to: "data")
        try folder.change("data/meta/info.json") { bytes in
            Data(String(decoding: bytes, as: UTF8.self).replacing("10590", with: "10591").utf8)
        }
        let check = try await Program.run(["data", "check", "data"], in: folder)
        #expect(check.status == 1)
        #expect(check.output.contains("'total_frames': is 10591, the dataset has 10590"))
        #expect(check.output.hasSuffix("data: 0 errors, 1 warnings\n"))
        let broken = try await Program.run(["data", "check", "nowhere"], in: folder)
        #expect(broken.status == 1)
        let plan = try await Program.output(["data", "check", "data", "--repair"], in: folder)
        #expect(plan.contains("'faster data repair data --out FOLDER' keeps 120 of 120 episodes"))
        _ = try await Program.output(["data", "repair", "data", "--out", "mended"], in: folder)
        #expect(try await Program.run(["data", "check", "mended"], in: folder).status == 0)
    }

    @Test("check --repair names what repair would leave out, and check compares two datasets")
    func plans() async throws {
        _ = try await Program.output(
            [
                "data", "split", Program.demonstrations, "--part", "one=0:3", "--part", "other=3:6", "--out",
                ".",
            ],
            in: folder
        )
        let both = try await Program.run(["data", "check", "one", "other"], in: folder)
        #expect(
            both.status == 0 && both.output.hasPrefix("one, other: 0 errors, 0 warnings"),
            "\(both.output)"
        )
        try folder.change("other/meta/info.json") { bytes in
            Data(
                String(decoding: bytes, as: UTF8.self).replacing(
                    /"fps"\s*:\s*\d+(\.\d+)?/,
                    with: "\"fps\": 5"
                ).utf8
            )
        }
        let rates = try await Program.run(["data", "check", "one", "other", "--json"], in: folder)
        #expect(rates.status == 1 && rates.output.contains("chunks of equal steps"))
        try folder.change("one/data/chunk-000/file-000.parquet") { $0.dropLast(8) }
        let plan = try await Program.output(["data", "check", "one", "--repair", "--json"], in: folder)
        #expect(plan.contains("no episode is whole"))
    }

    @Test("a video without its index is said, and only what needs its images stops")
    func cutVideo() async throws {
        let camera = "observation.images.front"
        let description = DatasetDescription(
            fps: 20,
            robotType: "arm",
            actionNames: ["shoulder", "elbow"],
            stateNames: ["angle"],
            cameras: [.init(name: camera, height: 32, width: 32)]
        )
        let writer = try DatasetWriter(creating: folder.appending(path: "data"), description)
        let image = Image(width: 32, height: 32, pixels: Array(repeating: 90, count: 32 * 32 * 3))
        for episode in 0 ..< 3 {
            let steps = (0 ..< 20).map { Float($0 + 20 * episode) }
            try writer.addEpisode(
                frames: [camera: steps.map { _ in image }],
                states: steps.map { [$0 / 60] },
                actions: steps.map { [sin($0 / 9), cos($0 / 7)] },
                task: "wave"
            )
        }
        try writer.finish()
        let video = "data/videos/\(camera)/chunk-000/file-000.mp4"
        try folder.change(video) { bytes in
            var bytes = bytes
            if let index = bytes.range(of: Data("moov".utf8)) {
                bytes.replaceSubrange(index, with: Data("junk".utf8))
            }
            return bytes
        }
        let reason = "the file is incomplete: the recording was interrupted before its index was written"
        let check = try await Program.run(["data", "check", "data"], in: folder)
        #expect(check.status == 1)
        #expect(check.output.contains("file-000.mp4: 'opening': \(reason)"))
        #expect(check.output.hasSuffix("data: 1 errors, 0 warnings\n"), "\(check.output)")
        let repair = try await Program.refusal(["data", "repair", "data", "--out", "x"], in: folder)
        #expect(repair.contains("no episode is whole; episode 0: "), "\(repair)")
        #expect(repair.contains("file-000.mp4: opening: \(reason)"), "\(repair)")
        _ = try await Program.output(
            ["data", "convert", "data", "--without", camera, "--out", "numbers"],
            in: folder
        )
        #expect(try await Program.run(["data", "check", "numbers"], in: folder).status == 0)
        let train = ["--data", "data", "--episodes", "0:2", "--horizon", "8", "--out"]
        _ = try await Program.output(
            ["tokenizer", "train", "--steps", "2", "--threads", "1"] + train + ["vq"]
                + Workshop.tokenizerSettings,
            in: folder
        )
        let policy = try await Program.refusal(
            [
                "policy", "train", "--data", "data", "--episodes", "0:2", "--tokenizer", "vq", "--steps", "2",
                "--threads", "1", "--out", "policy",
            ] + Workshop.policySettings.dropLast(2),
            in: folder
        )
        #expect(policy.contains("file-000.mp4: opening: \(reason)"), "\(policy)")
    }

    @Test("a folder that exists, an unknown instruction and fractions above 1 are refused")
    func refusals() async throws {
        try folder.write("", to: "taken/file")
        let data = Program.demonstrations
        let taken = try await Program.refusal(["data", "convert", data, "--out", "taken"], in: folder)
        #expect(taken.contains("it exists already"))
        let task = try await Program.refusal(
            ["data", "filter", data, "--task", "open the drawr", "--out", "x"],
            in: folder
        )
        #expect(task.contains("did you mean 'open the drawer'?"))
        let many = try await Program.refusal(
            ["data", "split", data, "--fractions", "a=0.9,b=0.2", "--out", "x"],
            in: folder
        )
        #expect(many.contains("more than 1"))
        let twice = try await Program.refusal(
            ["data", "split", data, "--part", "a=0:2", "--part", "a=2:3", "--out", "x"],
            in: folder
        )
        #expect(twice.contains("'a' is the name of two parts"))
    }
}

extension DataToolsTests {
    @Test("view writes one file with the videos and numbers of an episode")
    func view() async throws {
        let data = Program.demonstrations
        let said = try await Program.output(["data", "view", data, "3", "--out", "view.html"], in: folder)
        #expect(said == "view.html: episode 3, 103 steps, 2 videos\n")
        let page = try String(contentsOf: folder.appending(path: "view.html"), encoding: .utf8)
        #expect(page.contains("open the drawer"))
        #expect(page.components(separatedBy: "src=\"data:video/mp4;base64,").count == 3)
        #expect(page.contains("data-steps=\"103\""))
        #expect(!page.contains("http://localhost") && !page.contains("<link"))
        let refused = try await Program.refusal(["data", "view", data, "120", "--out", "x.html"], in: folder)
        #expect(refused.contains("episode 120 does not exist"))
    }
}
