import PythonPeer
import Testing

@Suite("Messages of other programs to simulators")
struct MessageTests {
    @Test("are refused with what was expected") func refusals() async throws {
        let output = try await PythonPeer.run("messages.py")
        #expect(String(decoding: output, as: UTF8.self) == "ok\n")
    }
}
