import Foundation
import LeRobot
import PythonPeer
import TemporaryFolder
import Testing

@Suite("Policies, served and evaluated", .timeLimit(.minutes(10)))
struct PolicyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func evaluate(_ policy: String, _ more: String...) -> [String] {
        ["evaluate", "--policy", policy, "--episodes", "1", "--workers", "1", "--threads", "1"] + more
    }

    @Test(
        "serve openpi's client, refuse what is no observation, and end when they are asked to",
        arguments: ["SIGTERM", "SIGINT"]
    )
    func serve(signal: String) async throws {
        let policy = try await Workshop.run.value.appending(path: "policy").path
        _ = try await PythonPeer.run("serve.py", [Program.url.path, policy, signal])
    }

    /// It solves nearly every scene of these tasks, so half of them leave room for another processor's rounding.
    @Test("come with the program, by name, and solve more than half of twelve scenes of easy tasks")
    func shipped() async throws {
        let tasks = "plate-slide-side-v3,door-close-v3,drawer-close-v3"
        let arguments = [
            "evaluate", "--policy", "metaworld", "--tasks", tasks, "--episodes", "4", "--workers", "1",
            "--threads", "1", "--max-steps", "150", "--out", "shipped", "--json",
        ]
        let found = try await Program.object(arguments, in: folder)
        let mean = try #require(found["mean"] as? [String: Any])
        #expect(mean["episodes"] as? Int == 12)
        #expect(try #require(mean["success"] as? Double) > 0.5)
    }

    @Test("are rolled out in MetaWorld, and reported on")
    func rollOut() async throws {
        let run = try await Workshop.run.value
        try leaveFormerEvaluation(in: run)
        let arguments = evaluate(
            "policy",
            "--tasks",
            "drawer-open-v3",
            "--max-steps",
            "20",
            "--out",
            "evaluation/policy",
            "--videos",
            "1",
            "--json"
        )
        let found = try await Program.object(arguments, in: run)
        let tasks = try #require(found["tasks"] as? [String: [String: Any]])
        #expect(Array(tasks.keys) == ["drawer-open-v3"])
        for summary in [tasks["drawer-open-v3"], found["mean"] as? [String: Any]] {
            #expect(summary?["episodes"] as? Int == 1)
            #expect(summary?["success"] as? Double == 0)
            #expect(summary?["steps"] as? Double == 20)
            let interval = try #require(summary?["interval"] as? [Double])
            #expect(interval[0] == 0 && interval[1] > 0.5)
            #expect(try #require(summary?["jerk"] as? Double) > 0)
            #expect(summary?["tokens"] as? Double == 15 && summary?["forwards"] as? Double == 3)
            let latency = try #require(summary?["latency_ms"] as? [String: Double])
            #expect(try #require(latency["p50"]) > 0)
        }
        let stages = try #require(found["stages"] as? [[String: Any]])
        #expect(
            stages.map { $0["name"] as? String } == ["prefix", "block 1", "block 2", "block 3", "detokenize"]
        )
        let settings = try #require(found["settings"] as? [String: Any])
        let digest = try #require(settings["policy_digest"] as? String)
        #expect(digest.count == 71 && digest.hasPrefix("sha256:"))
        let texts = ["policy": "policy", "simulator": "metaworld", "device": "cpu", "version": "0.1.0"]
        #expect(texts.allSatisfy { settings[$0] as? String == $1 }, "\(settings)")
        let numbers = ["episodes": 1, "seed": 0, "execute": 8, "delay": 0, "max_steps": 20, "videos": 1]
        #expect(numbers.allSatisfy { settings[$0] as? Int == $1 }, "\(settings)")
        #expect(settings["tasks"] as? [String] == ["drawer-open-v3"])
        #expect((settings["decoding"] as? [String: String])?.isEmpty == true)
        let groups = try #require(found["groups"] as? [[String: Any]])
        #expect(groups.map { $0["name"] as? String } == ["easy"])
        #expect(groups.first?["tasks"] as? Int == 1 && found["macro"] == nil)
        let left = run.paths.filter { $0.hasPrefix("evaluation/policy/") }
        #expect(
            left == [
                "evaluation/policy/episodes.json", "evaluation/policy/summary.json",
                "evaluation/policy/videos",
                "evaluation/policy/videos/drawer-open-v3-1000000.mp4",
            ]
        )
        let name = "videos/drawer-open-v3-1000000.mp4"
        let episodes = try JSONSerialization.jsonObject(with: run["evaluation/policy/episodes.json"])
        #expect((episodes as? [[String: Any]])?.first?["video"] as? String == name)
        let film = run.appending(path: "evaluation/policy/\(name)")
        // The 20th of its 21 images, of which the robot's control rate makes 80 a second.
        _ = try VideoDecoder(opening: film).frame(at: 19.0 / 80, fps: 80)
        let measure = ["tokenizer", "evaluate", "--tokenizer", "tokenizer", "--data", Program.demonstrations]
        _ = try await Program.output(
            measure + ["--episodes", "2:3", "--details", "tokenizer/evaluation/fastervq.json"],
            in: run
        )
        let said = try await Program.output(["report", "."], in: run)
        #expect(said.contains("drawer-open-v3            0 %"))
        let page = String(decoding: try run["report.html"], as: UTF8.self)
        #expect(page.contains("drawer-open-v3") && page.contains(">easy<") && page.contains("</html>"))
        #expect(page.contains("faster report") && !page.contains("make quickstart"))
        #expect(page.contains("<dt>policy&#39;s digest</dt><dd>\(digest)</dd>"))
        #expect(page.contains("<dt>evaluation, max-steps</dt><dd>20</dd>"))
        let summary = try JSONSerialization.jsonObject(with: run["summary.json"]) as? [String: Any]
        #expect(summary?["success_mean"] as? Double == 0)
        #expect((summary?["tokenizers"] as? [String: Any])?["fastervq"] != nil)
    }

    @Test("sample by episode and step, however many simulators ask")
    func seeds() async throws {
        func jerks(workers: String, _ more: String...) async throws -> [Double?] {
            let arguments = [
                "evaluate", "--policy", "metaworld", "--tasks", "drawer-open-v3", "--episodes", "2",
                "--workers", workers, "--threads", "1", "--max-steps", "24", "--out", "seeds",
            ]
            _ = try await Program.output(arguments + more, in: folder)
            let episodes = try JSONSerialization.jsonObject(with: folder["seeds/episodes.json"])
            return try #require(episodes as? [[String: Any]]).map { $0["jerk"] as? Double }
        }
        let alone = try await jerks(workers: "1", "--temperature", "1", "--top-k", "0")
        #expect(alone.count == 2 && alone[0] != alone[1] && alone[0] != nil)
        #expect(try await jerks(workers: "2", "--temperature", "1", "--top-k", "0") == alone)
        #expect(try await jerks(workers: "1", "--temperature", "0") != alone)
    }

    /// Files of an evaluation of another task, with its film.
    private func leaveFormerEvaluation(in run: TemporaryFolder) throws {
        let videos = run.appending(path: "evaluation/policy/videos")
        try FileManager.default.createDirectory(at: videos, withIntermediateDirectories: true)
        try run.write("a film", to: "evaluation/policy/videos/gone-v3-1000000.mp4")
        try run.write(
            #"[{"task": "gone-v3", "seed": 1000000, "success": true, "steps": 9, "latency_ms": []}]"#,
            to: "evaluation/policy/episodes.json"
        )
    }

    @Test("are rolled out under perturbations, a row each, and reported on")
    func perturbed() async throws {
        let run = try await Workshop.run.value
        let folder = try TemporaryFolder()
        try folder.copy(run.appending(path: "policy").path, to: "policy")
        let arguments = evaluate("policy", "--tasks", "drawer-open-v3", "--max-steps", "9", "--perturbations")
        let printed = try await Program.output(
            arguments + ["texture,delay", "--out", "evaluation/policy", "--videos", "1", "--codebooks", "2"],
            in: folder
        )
        let lines = printed.split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: true)
        }
        #expect(lines.suffix(2).map(\.first) == ["texture", "delay"])
        let settings = try #require(lines.dropLast(2).last).joined(separator: " ")
        #expect(settings.hasPrefix("policy (sha256:"))
        #expect(
            settings.hasSuffix(
                "): simulator metaworld, seed 0, episodes 1, execute 8, delay 0, max-steps 9, perturbations texture,delay, "
                    + "videos 1, codebooks 2, version 0.1.0"
            )
        )
        #expect(printed.contains("of 1, +0 points [-79, +79]  0 lost, 0 won, p 1"))
        let written = try JSONSerialization.jsonObject(with: folder["evaluation/policy/summary.json"])
        let rows = try #require((written as? [String: Any])?["perturbations"] as? [[String: Any]])
        #expect(rows.map { $0["name"] as? String } == ["texture", "delay"])
        let difference = try #require(rows.first?["difference"] as? [String: Any])
        #expect(Set(difference.keys) == ["value", "interval", "p_value", "lost", "won"])
        for name in ["drawer-open-v3", "drawer-open-v3-texture", "drawer-open-v3-delay"] {
            #expect(folder.paths.contains("evaluation/policy/videos/\(name)-1000000.mp4"))
        }
        try folder.write(#"{"seed": "0"}"#, to: "facts.json")
        _ = try await Program.output(["report", "."], in: folder)
        let page = String(decoding: try folder["report.html"], as: UTF8.self)
        #expect(page.contains("id=\"perturbations\"") && page.contains(">texture<"))
        #expect(page.contains("make quickstart"))
    }

    @Test("of another robot, or on a task that is not there, are refused before anything moves")
    func refusals() async throws {
        let other = try await Workshop.otherRobot.value.appending(path: "policy").path
        #expect(
            try await Program.refusal(
                evaluate(other, "--tasks", "drawer-open-v3", "--out", "out"),
                in: folder
            )
                == "the policy's actions are joints=0:7; the simulator's robot, sawyer, takes 4 columns: delta_x, "
                + "delta_y, delta_z, gripper"
        )
        #expect(
            try await Program.refusal(
                evaluate("expert", "--tasks", "drawer-opn-v3", "--out", "out"),
                in: folder
            )
            .hasPrefix("unknown task 'drawer-opn-v3': did you mean 'drawer-open-v3'?")
        )
        #expect(
            try await Program.refusal(
                evaluate("expert", "--tasks", "drawer-open-v3", "--out", "out", "--perturbations", "wind"),
                in: folder
            )
            .hasPrefix("unknown perturbation 'wind': did you mean ")
        )
        try folder.write("", to: "file")
        #expect(
            try await Program.refusal(
                evaluate("expert", "--tasks", "drawer-open-v3", "--out", "file/out"),
                in: folder
            )
            .hasSuffix("/file is not a folder")
        )
        #expect(
            try await Program.refusal(
                evaluate("nowhere", "--tasks", "drawer-open-v3", "--out", "out"),
                in: folder
            )
            .hasSuffix("/nowhere: no such folder")
        )
        #expect(
            try await Program.refusal(
                evaluate("expert", "--tasks", "drawer-open-v3", "--out", "out", "--simulator", "metawrld"),
                in: folder
            )
            .hasPrefix("no simulator 'metawrld' found from ")
        )
    }

    @Test("whose chunks are shorter than a delay needs are refused before anything moves")
    func shortChunks() async throws {
        let policy = try await Workshop.run.value.appending(path: "policy").path
        let arguments = evaluate(policy, "--tasks", "drawer-open-v3", "--out", "out", "--delay", "8")
        #expect(
            try await Program.refusal(arguments + ["--execute", "64"], in: folder).hasPrefix(
                "a delay of 8 steps and an observation every 64 need chunks of 72 steps, and the policy's have "
            )
        )
    }

    @Test("get no committed prefix without a delay, or without training for it")
    func committedPrefix() async throws {
        let policy = try await Workshop.run.value.appending(path: "policy").path
        let arguments = evaluate(policy, "--tasks", "drawer-open-v3", "--out", "out", "--committed-prefix")
        #expect(
            try await Program.refusal(arguments, in: folder)
                == "--committed-prefix: only a policy with a --delay has a committed prefix"
        )
        #expect(
            try await Program.refusal(arguments + ["--delay", "2", "--execute", "4"], in: folder)
                == "--committed-prefix: the policy was not trained with one (recipe: committedSteps)"
        )
    }

    @Test("with parts that do not belong together are not served")
    func mixedParts() async throws {
        let (run, other) = (try await Workshop.run.value, try await Workshop.otherRobot.value)
        try folder.copy(run.appending(path: "policy").path, to: "mixed")
        try FileManager.default.removeItem(at: folder.appending(path: "mixed/tokenizer"))
        try folder.copy(other.appending(path: "tokenizer").path, to: "mixed/tokenizer")
        let serve = ["serve", "--port", "0", "--policy"]
        #expect(
            try await Program.refusal(serve + ["mixed"], in: folder).hasSuffix(
                "/mixed/tokenizer: the tokenizer's action space is joints=0:7, the policy's position=0:3,gripper=3"
            )
        )
        try folder.copy(run.appending(path: "policy").path, to: "cut")
        try folder.change("cut/model.safetensors") { $0.prefix($0.count / 2) }
        #expect(try await Program.refusal(serve + ["cut"], in: folder).contains("/cut/model.safetensors: "))
        #expect(
            try await Program.refusal(serve + ["nowhere"], in: folder).hasSuffix("/nowhere: no such folder")
        )
        #expect(
            try await Program.refusal(serve + ["mixed", "--block-size", "0"], in: folder)
                == "--block-size: expected at least 1, found 0"
        )
        #expect(
            try await Program.refusal(serve + ["mixed", "--deadline-ms", "0"], in: folder)
                == "--deadline-ms: expected a positive number, found 0.0"
        )
        for (option, number, expected) in [
            ("--temperature", "-1", "at least 0, found -1.0"), ("--top-k", "-1", "at least 0, found -1"),
            ("--top-p", "1.5", "above 0 and at most 1, found 1.5"),
        ] {
            let said = try await Program.refusal(serve + ["mixed", "\(option)=\(number)"], in: folder)
            #expect(said == "\(option): expected \(expected)")
        }
        let policy = run.appending(path: "policy").path
        #expect(
            try await Program.refusal(serve + [policy, "--codebooks", "9"], in: folder)
                .hasSuffix("/policy/config.json: 'codebooks' should be in 1 ... 3, found 9")
        )
    }

    @Test("leave nothing to report on where there was nothing")
    func noReport() async throws {
        #expect(try await Program.refusal(["report", "nowhere"], in: folder) == "nowhere: no such folder")
        #expect(
            try await Program.refusal(["report", "."], in: folder)
                == ".: holds nothing to report on; expected tokenizer/, policy/ or evaluation/"
        )
    }

    @Test("collect refuses a folder that is in use")
    func collect() async throws {
        try folder.copy(Program.demonstrations, to: "data")
        let collect = ["collect", "--tasks", "reach-v3", "--episodes", "1", "--out"]
        #expect(
            try await Program.refusal(collect + ["data"], in: folder).contains(
                "/data: cannot be written: it exists already"
            )
        )
        try folder.write("", to: "file")
        #expect(
            try await Program.refusal(collect + ["file/data"], in: folder).contains("cannot be written: ")
        )
    }

    @Test("collect records the cameras that are asked for, and names those that there are")
    func cameras() async throws {
        let collect = ["collect", "--tasks", "reach-v3", "--episodes", "1", "--size", "32", "--workers", "1"]
        #expect(
            try await Program.refusal(collect + ["--out", "none", "--cameras", "corner2,roof"], in: folder)
                .contains("no camera 'roof', only corner2, gripperPOV")
        )
        #expect(
            try await Program.refusal(collect + ["--out", "none", "--quality", "52"], in: folder)
                .contains("--quality should be from 0 to 51, found 52")
        )
        _ = try await Program.output(collect + ["--out", "one", "--cameras", "gripperPOV"], in: folder)
        let info = try String(decoding: folder["one/meta/info.json"], as: UTF8.self)
        #expect(
            info.contains("observation.images.gripperPOV") && !info.contains("observation.images.corner2")
        )
        #expect(info.contains("yuv444p"))
    }
}
