import PolicyProtocol
import PolicyServer
import PythonPeer
import Testing

@Suite("Names of a robot")
struct NamesTests {
    @Test("are understood beside the policy's own, and named in errors")
    func droid() async throws {
        let names = ObservationNames(
            renamings: [
                .init(theirs: "observation/exterior_image_1_left", ours: "observation/images/corner2"),
                .init(theirs: "observation/wrist_image_left", ours: "observation/images/wrist"),
            ],
            stateParts: ["observation/joint_position", "observation/gripper_position"],
            instruction: "lift"
        )
        let handler = try PolicyHandler(
            policy: ScriptedPolicy(),
            names: names,
            serverName: "faster",
            version: "0.1.0"
        )
        let server = PolicyServer(handler: handler, host: "127.0.0.1", port: 0, logger: .silent)
        let port = try await server.start()
        do { _ = try await PythonPeer.run("names.py", [String(port)]) } catch { Issue.record(error) }
        await server.shutdown()
    }
}
