import Foundation
import PythonPeer
import TemporaryFolder
import Testing

@Suite("faster serve", .timeLimit(.minutes(10)))
struct ServeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func policy() async throws -> String {
        try await Workshop.run.value.appending(path: "policy").path
    }

    @Test("understands a robot that sends what openpi's DROID example sends")
    func names() async throws {
        _ = try await PythonPeer.run("names.py", [Program.url.path, try await policy()])
    }

    @Test(
        "refuses names and ports that there are not, before it listens",
        arguments: [
            (
                ["--rename", "a=observation/images/roof"],
                "the policy has no 'observation/images/roof', only "
            ),
            (["--rename", "a=prompt", "--rename", "b=prompt"], "'prompt' cannot be both 'a' and 'b'"),
            (["--rename", "prompt"], "--rename: expected ROBOT_KEY=POLICY_KEY, such as "),
            (["--rename", "a=b=c"], "found 'a=b=c'"),
            (["--state", "a,,b"], "--state: expected keys with commas between, found 'a,,b'"),
            (["--port", "70000"], "--port: expected 0 ... 65535, found 70000"),
            (["--port=-1"], "--port: expected 0 ... 65535, found -1"),
        ]
    )
    func refusals(options: [String], message: String) async throws {
        let serve = ["serve", "--policy", try await policy()]
        let said = try await Program.refusal(serve + options, in: folder)
        #expect(said.contains(message), "\(said)")
    }
}
