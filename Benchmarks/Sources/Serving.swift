import Foundation
import Logging
import PolicyServer
import RobotTypes

/// Round trips of openpi's client to the policy server, beside one in Python as openpi writes it.
///
/// Both policies reply at once, so that the protocol alone is measured.
struct Serving {
    private let effort: Effort

    init(_ effort: Effort) { self.effort = effort }

    /// Small and large images.
    func comparisons() async throws -> [Comparison] {
        var comparisons: [Comparison] = []
        for pixels in [96, 224] {
            let server = PolicyServer(
                handler: PolicyHandler(
                    policy: try InstantPolicy(pixels: pixels),
                    serverName: "benchmarks",
                    version: "0"
                ),
                host: "127.0.0.1",
                port: 0,
                logger: Logger(label: "serving") { _ in SwiftLogNoOpLogHandler() }
            )
            let port = try await server.start()
            comparisons.append(try comparison(pixels: pixels, port: port))
            await server.shutdown()
        }
        return comparisons
    }

    private func comparison(pixels: Int, port: Int) throws -> Comparison {
        let python = try Peer("openpi_server.py", in: .python, threads: effort.threads)
        let robot = try Peer(
            "robot.py",
            in: .python,
            threads: effort.threads,
            ["faster", String(port), String(pixels), "python", python.greeting, String(pixels)]
        )
        func contestant(_ name: String, _ call: String) -> Contestant {
            Contestant(name) { try robot.seconds(call, least: effort.seconds) }
        }
        return try Comparison(
            "Round trip of two images of \(pixels) x \(pixels) pixels",
            notes: [
                "openpi-client, unmodified, on the same machine; its packing and unpacking is part of every round trip."
            ],
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                contestant("FASTer's server", "faster"),
                contestant("Python server (websockets, msgpack)", "python"),
            ]
        ).ratio(0, to: 1)
    }
}

/// A policy that replies at once, whatever the observation.
private struct InstantPolicy: Policy {
    let contract: PolicyContract

    init(pixels: Int) throws {
        contract = PolicyContract(
            cameras: ["front", "wrist"].map {
                .init(name: "observation.images.\($0)", height: pixels, width: pixels)
            },
            stateDimension: 8,
            horizon: 16,
            actionSpace: try ActionSpace(parsing: "position=0:3,rotation=3:6,gripper=6"),
            framesPerSecond: 20
        )
    }

    func act(on observation: Observation) async throws -> PolicyPrediction {
        PolicyPrediction(ActionChunk(horizon: 16, dimension: 7, values: [Float](repeating: 0, count: 16 * 7)))
    }
}
