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

    @Test("replies to every request that has arrived when it is told to end; told again, it ends at once")
    func drain() async throws {
        _ = try await PythonPeer.run("drain.py", [Program.url.path, try await policy()])
    }

    @Test("gives every client its turn, and refuses what its queue does not hold")
    func turns() async throws {
        _ = try await PythonPeer.run("turns.py", [Program.url.path, try await policy()])
    }

    @Test("serves two policies, each at its path")
    func twoPolicies() async throws {
        _ = try await PythonPeer.run("two_policies.py", [Program.url.path, try await policy()])
    }

    @Test(
        "refuses policies without a name of their own",
        arguments: [
            (["a=x", "b=y", "z"], "--policy: expected NAME=FOLDER for each of several policies, found 'z'"),
            (["a=x", "a=y"], "--policy: 'a' is the name of two policies"),
            (["a/b=x", "c=y"], "found 'a/b=x'"),
            (["healthz=x", "c=y"], "found 'healthz=x'"),
            (["=x"], "found '=x'"),
        ]
    )
    func names(policies: [String], message: String) async throws {
        let arguments = ["serve"] + policies.flatMap { ["--policy", $0] }
        let said = try await Program.refusal(arguments, in: folder)
        #expect(said.contains(message), "\(said)")
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
            (["--max-batch", "0"], "--max-batch: expected at least 1, found 0"),
            (["--queue", "0"], "--queue: expected at least 1, found 0"),
            (["--batch-wait-ms", "nan"], "--batch-wait-ms: expected 0 ... 60000, found nan"),
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
