import ArgumentParser
import PolicyProtocol
import RobotTypes

/// A robot's program: asks a policy server for one chunk of actions.
@main
struct RobotClient: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "RobotClient",
        abstract: "Ask a policy server for one chunk of actions.",
        discussion:
            "Images and state of the observation are zeros: the actions are a test of the connection only."
    )

    @Option(help: "Host of the server.")
    var host = "127.0.0.1"

    @Option(help: "TCP port of the server.")
    var port = 8000

    @Option(help: "Instruction for the policy.")
    var prompt = "open the drawer"

    @Option(help: "Time for the whole conversation, seconds.")
    var timeout = 60

    func validate() throws {
        guard (1 ... 65_535).contains(port) else {
            throw ValidationError("--port: expected 1 ... 65535, found \(port)")
        }
        guard (1 ... 86_400).contains(timeout) else {
            throw ValidationError("--timeout: expected 1 ... 86400 seconds, found \(timeout)")
        }
    }

    func run() async throws {
        let server = ServerAddress(host: host, port: port, timeout: .seconds(timeout))
        try await server.connect { connection in
            let metadata = try await connection.receive()
            let contract = try PolicyContract(metadata: metadata)
            show(contract)

            // A robot takes these from its cameras and encoders.
            let observation = Observation(
                images: contract.cameras.reduce(into: [:]) { images, camera in
                    let pixels = [UInt8](repeating: 0, count: camera.height * camera.width * 3)
                    images[camera.name] = Image(width: camera.width, height: camera.height, pixels: pixels)
                },
                state: [Float](repeating: 0, count: contract.stateDimension),
                instruction: prompt
            )
            print("sending zeros for images and state, and the prompt '\(prompt)'")
            try await connection.send(observation.message)

            show(try PolicyReply(try await connection.receive(), contract: contract))
        }
    }

    private func show(_ contract: PolicyContract) {
        print("policy on ws://\(host):\(port)")
        for camera in contract.cameras {
            print("  \(WireKey.feature(camera.name)): uint8 [\(camera.height), \(camera.width), 3]")
        }
        if contract.stateDimension > 0 { print("  \(WireKey.state): float32 [\(contract.stateDimension)]") }
        print("  \(WireKey.instruction): text")
        let space = contract.actionSpace
        print("  \(WireKey.actions): float32 [\(contract.horizon), \(space.dimension)], \(space)")
        print(
            "  \(contract.framesPerSecond) Hz, committed prefix of at most \(contract.committedSteps) steps"
        )
    }

    private func show(_ reply: PolicyReply) {
        let chunk = reply.prediction.chunk
        print("chunk [\(chunk.horizon), \(chunk.dimension)]")
        print("first action \(chunk.values.prefix(chunk.dimension))")
        let times: [(String, Duration?)] = [
            ("server", reply.serverTime), ("policy", reply.policyTime),
            ("prefix", reply.prediction.timing?.prefix),
            ("blocks", reply.prediction.timing?.blocks.reduce(.zero, +)),
            ("detokenization", reply.prediction.timing?.detokenization),
        ]
        for case (let name, let time?) in times {
            print("\(name) \((time.milliseconds * 100).rounded() / 100) ms")
        }
    }
}
