import Foundation
import TemporaryFolder
import Testing

@Suite("faster collect", .timeLimit(.minutes(10)))
struct CollectTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("--resumable continues what was interrupted, with the same settings only")
    func resumable() async throws {
        func collect(_ tasks: String, _ more: String...) -> [String] {
            ["collect", "--tasks", tasks, "--episodes", "1", "--workers", "1", "--no-images"]
                + ["--resumable", "--out", "demos"] + more
        }
        let arguments = collect("reach-v3,push-v3")
        try await Running(arguments, in: folder)
            .kill(onceThereIs: folder.appending(path: "demos.tasks/reach-v3/meta/info.json"))
        let noise = try await Program.refusal(arguments + ["--noise", "0"], in: folder)
        #expect(noise.hasPrefix("--noise: expected 0.3, as in ") && noise.hasSuffix(", found 0.0"))
        let tasks = try await Program.refusal(collect("push-v3"), in: folder)
        #expect(tasks.hasPrefix("--tasks: expected reach-v3,push-v3, as in "))
        let said = try await Program.output(arguments, in: folder)
        #expect(!said.contains("reach-v3: 1 episodes") && said.contains("push-v3: 1 episodes"))
        #expect(said.contains("demos: LeRobot v3.0, 2 episodes"))
        #expect(!folder.paths.contains("demos.tasks"))
    }
}
