import ArgumentParser
import FASTerVLA
import Foundation
import Logging
import PolicyServer

/// `faster serve`: serves a policy to robots.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a policy to robots that speak openpi's websocket protocol.",
        discussion: """
            Robots whose observations have other keys need no change: say --rename \
            observation/image=observation/images/front, and where they send their state in parts, --state \
            observation/joint_position,observation/gripper_position. A policy of LeRobot's, of type pi0_fast, is served as \
            LeRobot saved it.
            """
    )

    @Option(help: "Folder of the policy, or 'metaworld', the one that comes with the program.")
    var policy: String

    @OptionGroup var robot: EmbodimentOptions

    @Option(help: "Address to listen on; 0.0.0.0 listens on all networks.")
    var host = "127.0.0.1"

    @Option(help: "TCP port; 0 takes any free one.")
    var port = 8000

    @OptionGroup var observations: ObservationOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var lerobot: LeRobotOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws { try portNumber(port, "--port") }

    func run() async throws {
        let device = try compute.prepare()
        let loaded = try await openPolicy(
            namedModel(policy, family: .policies),
            embodiment: robot.embodiment,
            device: device,
            decoding: decoding.settings,
            lerobot: lerobot
        )
        let server = PolicyServer(
            handler: try PolicyHandler(
                policy: loaded,
                remapping: observations.remapping(),
                serverName: "faster",
                version: Faster.version
            ),
            host: host,
            port: port,
            logger: Logger(label: "serve") { StreamLogHandler.standardError(label: $0) }
        )
        let actual = try await server.start()
        Terminal.say("serving \(policy) on ws://\(host):\(actual)  (ctrl-C stops)")
        await server.runUntilInterrupted()
    }
}
