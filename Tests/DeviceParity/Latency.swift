internal import ArgumentParser
internal import FASTerVLA
internal import Foundation
internal import RobotTypes
internal import Torch

/// Latencies of a policy on a device, block by block and with the blocks as one graph.
struct Latency: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Latencies of a policy on a device.")

    @Option(help: "The policy.")
    var policy: String

    @OptionGroup var on: DeviceOptions

    @Option(help: "Observations to act on, after ten that do not count.")
    var repetitions = 100

    func validate() throws {
        guard repetitions > 0 else {
            throw ValidationError("--repetitions: expected at least 1, found \(repetitions)")
        }
    }

    func run() async throws {
        let device = try Device(parsing: on.device)
        print(
            "| decoding | prefix, ms | blocks, ms | chunk, ms | tokens a second after the prefix |\n|---|---|---|---|---|"
        )
        try await measure("block by block", device, usesGraphs: false)
        if device.hasStreams {
            try await measure("blocks as one CUDA graph", device, usesGraphs: true)
        } else {
            print("| blocks as one CUDA graph | \(device) has none | | | |")
        }
    }

    private func measure(_ name: String, _ device: Device, usesGraphs: Bool) async throws {
        var settings = DecodingSettings()
        settings.usesGraphs = usesGraphs
        let loaded = try await PolicyFolder.load(
            from: URL(filePath: policy),
            device: device,
            decoding: settings
        )
        let contract = loaded.contract
        let observation = Observation(
            images: Dictionary(
                uniqueKeysWithValues: contract.cameras.map { camera in
                    let count = camera.width * camera.height * 3
                    let pixels = (0 ..< count).map { UInt8($0 % 251) }
                    return (camera.name, Image(width: camera.width, height: camera.height, pixels: pixels))
                }
            ),
            state: Array(repeating: 0, count: contract.stateDimension),
            instruction: "open the drawer"
        )
        var (prefixes, blocks, chunks): ([Double], [Double], [Double]) = ([], [], [])
        var tokens = 0
        for repetition in 0 ..< repetitions + 10 {
            let start = ContinuousClock.now
            let prediction = try await loaded.act(on: observation)
            guard repetition >= 10, let timing = prediction.timing else { continue }
            chunks.append((ContinuousClock.now - start) / .milliseconds(1))
            prefixes.append(timing.prefix / .milliseconds(1))
            blocks.append(timing.blocks.reduce(.zero, +) / .milliseconds(1))
            tokens = prediction.tokens ?? 0
        }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        let cells = [prefixes, blocks, chunks].map { String(format: "%.3f", median($0)) }
        let rate = String(format: "%.0f", Double(tokens) / median(blocks) * 1000)
        print("| \(name) | \(cells.joined(separator: " | ")) | \(rate) |")
    }
}
