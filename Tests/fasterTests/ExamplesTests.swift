import Foundation
import PythonPeer
import TemporaryFolder
import Testing

@Suite("Examples", .timeLimit(.minutes(5)))
struct ExamplesTests {
    private static let policy = PythonPeer.packageRoot.appending(path: "Models/fastervla-metaworld")
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ example: String, _ arguments: [String]) async throws -> Outcome {
        try await Running(arguments, of: Program.executable(example), in: folder).outcome()
    }

    @Test("a robot's client gets a chunk of the shipped policy")
    func client() async throws {
        let serve = ["serve", "--policy", Self.policy.path, "--threads", "1", "--port", "0"]
        let server = try Running(serve, in: folder)
        defer { server.kill() }
        let port = try await String(server.said(/ws:\/\/127\.0\.0\.1:(\d+)/).1)
        let outcome = try await run("RobotClient", ["--port", port, "--prompt", "close the window"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        for line in [
            "  observation/images/corner2: uint8 [96, 96, 3]\n", "  actions: float32 [16, 4], ",
            "sending zeros for images and state, and the prompt 'close the window'\n", "chunk [16, 4]\n",
            "first action [", "server ", "policy ",
        ] {
            #expect(outcome.output.contains(line), "\(outcome.output)")
        }
    }

    @Test("a robot's client says that there is no server")
    func noServer() async throws {
        let outcome = try await run("RobotClient", ["--port", "1"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("Error: nothing listens on 127.0.0.1:1 "), "\(outcome.errors)")
    }

    @Test("a chunk goes through the shipped tokenizer from Swift")
    func tokenize() async throws {
        let tokenizer = Self.policy.appending(path: "tokenizer").path
        let outcome = try await run("TokenizeActions", ["--tokenizer", tokenizer])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("chunk [16, 4]\ntokens 15, 135.0 bits\ncodebook 0: ["))
        let error = try #require(outcome.output.firstMatch(of: /, ([0-9.e-]+) normalised/)?.1)
        #expect(try #require(Float(error)) < 0.2, "\(outcome.output)")
    }

    @Test("a NumPy file of another shape is refused with both shapes")
    func wrongShape() async throws {
        let file = folder.appending(path: "actions.npy")
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
        let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
        try Data(bytes + [UInt8](repeating: 0, count: 8)).write(to: file)
        let tokenizer = Self.policy.appending(path: "tokenizer").path
        let outcome = try await run("TokenizeActions", ["--tokenizer", tokenizer, "--actions", file.path])
        #expect(outcome.errors.contains("actions.npy: expected [horizon, dimension], found [2]"))
        #expect(outcome.status != 0)
    }
}
