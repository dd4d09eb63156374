import ActionTokenizers
import Backbones
import FASTerVLA
import Foundation
import RobotTypes
import TokenizerRegistry
import Torch
import Training

/// Requests of several robots to one policy: what a forward of several saves, and what a server's clients see.
struct Batching {
    private let effort: Effort

    init(_ effort: Effort) { self.effort = effort }

    private static let program = Peer.packageRoot.appending(path: "bin/faster")
    private static let folder = Peer.packageRoot.appending(path: "Models/fastervla-metaworld")

    /// Forwards of 1 to 8 observations, then throughput and latency of 1 to 32 clients, then start-up.
    func comparisons() async throws -> [Comparison] {
        let compact = try await PolicyFolder.load(from: Self.folder, device: .cpu)
        let large = try largePolicy(like: compact)
        try await large.warmUp()
        var comparisons = [
            try forwards(compact, "the shipped policy, 3.8 M parameters"),
            try forwards(large, "a compact backbone 1024 wide of 12 layers, random weights"),
        ]
        for robots in [1, 8, 32] { comparisons.append(contentsOf: try serving(robots: robots)) }
        return comparisons + [try starting()]
    }

    // MARK: Forwards

    private func forwards(_ policy: FASTerVLAPolicy, _ name: String) throws -> Comparison {
        let sizes = [1, 2, 4, 8]
        let last = Stages()
        let contestants = sizes.map { size in
            let observations = (0 ..< size).map { observation(policy.contract, number: $0) }
            return Contestant("\(size) observations a forward", items: size, least: effort.seconds) {
                let predictions = try waiting { try await policy.act(on: observations) }
                if let timing = predictions[0].timing { last.add(timing, size) }
            }
        }
        var comparison = try Comparison(
            "One observation of \(name), by the size of the batch",
            notes: ["Images to actions, without a server. Instructions of one length."],
            unit: .milliseconds,
            rounds: effort.rounds,
            contestants
        )
        for index in sizes.indices.dropFirst() { comparison = comparison.ratio(0, to: index) }
        comparison.notes.append(last.words(sizes))
        return comparison
    }

    /// Times of stages, summed over a benchmark.
    private final class Stages {
        private var sums: [Int: (prefix: Duration, blocks: Duration, observations: Int)] = [:]

        func add(_ timing: StageTiming, _ size: Int) {
            var sum = sums[size] ?? (.zero, .zero, 0)
            sum.prefix += timing.prefix
            sum.blocks += timing.blocks.reduce(.zero, +)
            sum.observations += size
            sums[size] = sum
        }

        func words(_ sizes: [Int]) -> String {
            let parts = sizes.compactMap { size in
                sums[size].map { sum in
                    func text(_ time: Duration) -> String {
                        String(format: "%.3g", time / .milliseconds(1) / Double(sum.observations))
                    }
                    return "\(size): prefix \(text(sum.prefix)), blocks \(text(sum.blocks))"
                }
            }
            return "Milliseconds an observation, means: \(parts.joined(separator: "; "))."
        }
    }

    private func observation(_ contract: PolicyContract, number: Int) -> Observation {
        let images = contract.cameras.map { camera in
            let count = camera.height * camera.width * 3
            let pixels = (0 ..< count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
            return (camera.name, Image(width: camera.width, height: camera.height, pixels: pixels))
        }
        return Observation(
            images: Dictionary(uniqueKeysWithValues: images),
            state: [Float](repeating: Float(number) / 10, count: contract.stateDimension),
            instruction: "open the drawer"
        )
    }

    /// A policy for the same robot whose layers are as large as those of small published models.
    private func largePolicy(like policy: FASTerVLAPolicy) throws -> FASTerVLAPolicy {
        let contract = policy.contract
        let tokenizer = try TokenizerRegistry.open(
            Self.folder.appending(path: "tokenizer"),
            device: .cpu
        )
        var backbone = CompactBackbone.Configuration(
            cameras: contract.cameras.map { .init(height: $0.height, width: $0.width, pixelsPerToken: 16) },
            stateDimension: contract.stateDimension
        )
        (backbone.width, backbone.layerCount, backbone.headCount) = (1024, 12, 16)
        backbone.supportsDecoding = true
        let layout = tokenizer.layout
        let configuration = PolicyConfiguration(
            contract: contract,
            backbone: .compact(backbone),
            expert: nil,
            head: .blocks(
                BlockHead.Configuration(
                    schedule: BlockSchedule(
                        codebookCount: 3,
                        latentPositionCount: layout.latentPositionCount ?? 5
                    ),
                    codebookSize: layout.codebookSizes[0],
                    dimension: contract.actionSpace.dimension
                )
            )
        )
        Torch.seed(0)
        let ones = [Float](repeating: 1, count: contract.stateDimension)
        return FASTerVLAPolicy(
            configuration: configuration,
            network: try FASTerVLANetwork(configuration, device: .cpu),
            processor: try configuration.backbone.makeProcessor(nil),
            actions: .codes(tokenizer),
            state: Normalization(
                method: .identity,
                statistics: FeatureStatistics(
                    mean: ones,
                    std: ones,
                    q01: ones,
                    q99: ones,
                    min: ones,
                    max: ones
                )
            ),
            device: .cpu
        )
    }

    // MARK: A server

    /// Replies a second, and latencies, of so many robots: in turn, and in batches of at most eight.
    private func serving(robots: Int) throws -> [Comparison] {
        let servers = try [1, 8].map { batch in
            let options = ["--port", "0", "--max-batch", String(batch), "--threads", String(effort.threads)]
            return try Launched(Self.program, ["serve", "--policy", "metaworld"] + options)
        }
        defer { for server in servers { server.end() } }
        let fleets = try servers.map { server in
            let port = try server.line(with: /ws:\/\/127\.0\.0\.1:(\d+)/).1
            return try Peer("fleet.py", in: .python, threads: effort.threads, [String(port)])
        }
        let least = max(effort.seconds, 2)
        let names = ["one at a time", "batches of at most 8"]
        let throughput = try Comparison(
            "Replies a second, \(robots) robots at a time",
            notes: ["faster serve --policy metaworld; the robots are one Python process on the same cores."],
            unit: .rate(of: "replies"),
            rounds: effort.rounds,
            fleets.indices.map { index in
                Contestant(names[index]) { try fleets[index].seconds("robots-\(robots)", least: least) }
            }
        )
        .ratio(1, to: 0, target: robots == 32 ? "at least 3" : nil)
        let latency = try Comparison(
            "Latency of a reply, \(robots) robots at a time",
            unit: .milliseconds,
            rounds: effort.rounds,
            fleets.indices.flatMap { index in
                [
                    Contestant("\(names[index]), median") {
                        _ = try fleets[index].seconds("robots-\(robots)", least: least)
                        return try fleets[index].value("p50-\(robots)")
                    },
                    Contestant("\(names[index]), 99 %") { try fleets[index].value("p99-\(robots)") },
                ]
            }
        )
        .ratio(3, to: 2, target: robots == 32 ? "at most 2" : nil)
        return [throughput, latency]
    }

    // MARK: Start-up

    /// From the start of a process to its end, or to the line that says that it serves.
    private func starting() throws -> Comparison {
        let python = Peer.packageRoot.appending(path: ".deps/peers/bin/python")
        func contestant(_ name: String, _ program: URL, _ arguments: [String]) -> Contestant {
            Contestant(name) { try seconds { try Launched(program, arguments).waitUntilEnd() } }
        }
        let serve = ["serve", "--policy", "metaworld", "--port", "0", "--threads", String(effort.threads)]
        return try Comparison(
            "Start of a process",
            unit: .milliseconds,
            rounds: effort.rounds,
            [
                contestant("faster --help", Self.program, ["--help"]),
                contestant("faster --help without the launcher", Self.program.launched, ["--help"]),
                Contestant("faster serve --policy metaworld, until it serves") {
                    try seconds {
                        let server = try Launched(Self.program, serve)
                        _ = try server.line(with: /serving/)
                        server.end()
                    }
                },
                contestant("python -c 'import torch'", python, ["-c", "import torch"]),
            ]
        )
    }

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        return try clock.measure(body) / .seconds(1)
    }
}

extension URL {
    /// The program that the launcher at this path runs.
    fileprivate var launched: URL {
        deletingLastPathComponent().appending(path: "libexec/\(lastPathComponent)")
    }
}

/// A process that was started to see how long it takes, or to be asked.
private final class Launched {
    private let process = Process()
    private let errors = Pipe()
    private let program: URL

    init(_ program: URL, _ arguments: [String]) throws {
        self.program = program
        (process.executableURL, process.arguments) = (program, arguments)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
    }

    /// The first match of `pattern` on standard error.
    func line<Output>(with pattern: Regex<Output>) throws -> Output {
        var said = ""
        while true {
            let piece = errors.fileHandleForReading.availableData
            said += String(decoding: piece, as: UTF8.self)
            if let match = try pattern.firstMatch(in: said) { return match.output }
            guard !piece.isEmpty else { throw PeerError(description: "\(program.path) ended: \(said)") }
        }
    }

    func waitUntilEnd() { process.waitUntilExit() }

    func end() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// The result of `body`, waited for on this thread.
private func waiting<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) throws -> Result
{
    let result = WaitedResult<Result>()
    let done = DispatchSemaphore(value: 0)
    Task {
        do { result.value = .success(try await body()) } catch { result.value = .failure(error) }
        done.signal()
    }
    done.wait()
    guard let value = result.value else { preconditionFailure("the task has ended") }
    return try value.get()
}

/// Written by one task, then read by the thread that has waited for it.
private final class WaitedResult<Value>: @unchecked Sendable {
    var value: Result<Value, any Error>?
}
