import PolicyProtocol
import PolicyServer
import PythonPeer
import Testing

@Suite("A robot's observation keys")
struct RemappingTests {
    @Test("are understood beside the policy's own, and named in errors")
    func droid() async throws {
        let remapping = ObservationRemapping(
            keys: [
                .init(robot: "observation/exterior_image_1_left", policy: "observation/images/corner2"),
                .init(robot: "observation/wrist_image_left", policy: "observation/images/wrist"),
            ],
            stateKeys: ["observation/joint_position", "observation/gripper_position"],
            instruction: "lift"
        )
        let handler = try PolicyHandler(
            policy: ScriptedPolicy(),
            remapping: remapping,
            serverName: "faster",
            version: "0.1.0"
        )
        let server = PolicyServer(handler: handler, host: "127.0.0.1", port: 0, logger: .silent)
        let port = try await server.start()
        do { _ = try await PythonPeer.run("names.py", [String(port)]) } catch { Issue.record(error) }
        await server.shutdown()
    }
}
