import ArgumentParser
import FASTerVLA
import Foundation
import Logging
import PolicyServer
import Torch

/// `faster serve`: serves policies to robots.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve policies to robots that speak openpi's websocket protocol.",
        discussion: """
            Robots whose observations have other keys need no change: say --rename \
            observation/image=observation/images/front, and where they send their state in parts, --state \
            observation/joint_position,observation/gripper_position. A policy of LeRobot's, of type pi0_fast, is served as \
            LeRobot saved it.

            Several policies share a server as --policy NAME=FOLDER --policy NAME=FOLDER: a robot finds each at \
            ws://HOST:PORT/NAME, and the first one at ws://HOST:PORT, too. The other options are then those of all.

            The first ctrl-C or SIGTERM refuses new robots and replies to every request that has arrived; the second ends at \
            once.
            """
    )

    @Option(
        help:
            "Folder of the policy, or 'metaworld', 'metaworld-images' or 'libero', which come with the program. For several, NAME=FOLDER, repeated."
    )
    var policy: [String]

    @OptionGroup var robot: EmbodimentOptions

    @Option(help: "Address to listen on; 0.0.0.0 listens on all networks.")
    var host = "127.0.0.1"

    @Option(help: "TCP port; 0 takes any free one.")
    var port = 8000

    @OptionGroup var batching: BatchingOptions
    @OptionGroup var observations: ObservationOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var lerobot: LeRobotOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        try portNumber(port, "--port")
        _ = try ServedPolicy.parse(policy)
    }

    func run() async throws {
        let device = try compute.prepare()
        let policies = try ServedPolicy.parse(policy)
        var handlers: [(name: String, handler: any MessageHandler)] = []
        for served in policies { handlers.append((served.name ?? "", try await handler(served, device))) }
        let server = PolicyServer(
            routes: policies[0].name == nil ? Routes(handlers[0].handler) : Routes(handlers),
            host: host,
            port: port,
            logger: Logger(label: "serve") { StreamLogHandler.standardError(label: $0) }
        )
        let actual = try await server.start()
        for served in policies {
            let path = served.name.map { "/" + $0 } ?? ""
            Terminal.say("serving \(served.folder) on ws://\(host):\(actual)\(path)  (ctrl-C stops)")
        }
        await server.runUntilInterrupted()
        // A second signal leaves a forward at work, under which libtorch's globals must not be destroyed.
        fflush(nil)
        _exit(EXIT_SUCCESS)
    }

    /// Opens a policy.
    private func handler(_ served: ServedPolicy, _ device: Device) async throws -> any MessageHandler {
        let loaded = try await openPolicy(
            namedModel(served.folder, family: .policies),
            embodiment: robot.embodiment,
            device: device,
            decoding: decoding.settings,
            lerobot: lerobot
        )
        return try PolicyHandler(
            policy: DynamicBatcher(loaded, settings: batching.settings(deadline: decoding.settings.deadline)),
            remapping: observations.remapping(),
            serverName: "faster",
            version: Faster.version
        )
    }
}

/// Requests of several robots to one policy.
struct BatchingOptions: ParsableArguments {
    @Option(
        help:
            "Requests of different robots that may share a forward, those that have arrived when the policy is free; 1 predicts one by one. Requests with a deadline are predicted alone."
    )
    var maxBatch = 1

    @Option(
        name: .customLong("batch-wait-ms"),
        help: "Milliseconds that a request waits for others before a forward that is not full."
    )
    var wait = 0.0

    @Option(
        help: "Requests that may wait for the policy; further ones get an error, 'busy', and may ask again."
    )
    var queue = DynamicBatcher.Settings().capacity

    func validate() throws {
        try atLeastOne(maxBatch, "--max-batch")
        try atLeastOne(queue, "--queue")
        guard (0 ... 60_000).contains(wait) else {
            throw ValidationError("--batch-wait-ms: expected 0 ... 60000, found \(wait)")
        }
    }

    /// The options as a batcher reads them, with the deadline of requests that name none.
    func settings(deadline: Duration?) -> DynamicBatcher.Settings {
        var settings = DynamicBatcher.Settings()
        (settings.maximumBatch, settings.capacity, settings.deadline) = (maxBatch, queue, deadline)
        settings.maximumWait = .milliseconds(wait)
        return settings
    }
}
