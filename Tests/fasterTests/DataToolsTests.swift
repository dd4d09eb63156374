import Foundation
import PythonPeer
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
