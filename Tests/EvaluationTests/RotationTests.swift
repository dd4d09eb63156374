import PythonPeer
import Testing

@Suite("Rotations of simulators")
struct RotationTests {
    @Test("LIBERO's client observes robosuite's rotation vectors, to the bit")
    func robosuite() async throws {
        let output = try await PythonPeer.run("rotation.py")
        #expect(String(decoding: output, as: UTF8.self) == "207\n")
    }
}
