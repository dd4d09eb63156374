import Foundation
import LeRobot
import RobotTypes

/// Recordings read as a policy's training reads them, beside PyAV and lerobot.
struct Loading {
    private let effort: Effort
    private let folder = Peer.packageRoot.appending(path: "Examples/metaworld-mini")
    private let episodes = Array(0 ..< 24)
    private let horizon = 16
    private let batchSize = 64

    init(_ effort: Effort) { self.effort = effort }

    /// Images decoded in order, then epochs in random order.
    func comparisons() throws -> [Comparison] {
        let dataset = try LeRobotDataset(opening: folder)
        let examples = episodes.reduce(0) { $0 + dataset.episodes[$1].length }
        let peer = try Peer(
            "loading.py",
            in: .peers,
            threads: effort.threads,
            [folder.path, String(examples), String(horizon), String(batchSize), String(effort.threads)]
        )
        return try [
            decoding(dataset, examples: examples, peer: peer),
            epochs(dataset, examples: examples, peer: peer),
        ]
    }

    private func fill(_ dataset: LeRobotDataset) throws -> FrameStore {
        try FrameStore(dataset: dataset, episodes: episodes, threads: effort.threads)
    }

    private func decoding(_ dataset: LeRobotDataset, examples: Int, peer: Peer) throws -> Comparison {
        let images = examples * dataset.cameras.count
        return try Comparison(
            "Images of 96 x 96 pixels, decoded in order",
            notes: [
                "\(episodes.count) episodes, \(images) images of two cameras, H.264; \(peer.greeting)."
            ],
            unit: .rate(of: "images"),
            rounds: effort.rounds,
            [
                Contestant("FASTer", items: images, least: effort.seconds) { _ = try fill(dataset) },
                Contestant("PyAV, one converter for all frames") {
                    try peer.seconds("converter", least: effort.seconds)
                },
                Contestant("PyAV, frame.to_ndarray, as lerobot does") {
                    try peer.seconds("frames", least: effort.seconds)
                },
            ]
        ).ratio(0, to: 1).ratio(0, to: 2)
    }

    /// Every frame once: images of both cameras, state, and the chunk of actions that starts there.
    private func epochs(_ dataset: LeRobotDataset, examples: Int, peer: Peer) throws -> Comparison {
        let table = try dataset.loadTable()
        let sampler = try ChunkSampler(dataset: dataset, table: table)
        let states = try table.column("observation.state")
        let starts = try sampler.starts(episodes: episodes)
        let store = try fill(dataset)
        func epoch(_ store: FrameStore) throws {
            var images = [UInt8](repeating: 0, count: batchSize * 96 * 96 * 3)
            let order = starts.shuffled()
            for first in stride(from: 0, to: order.count, by: batchSize) {
                let batch = order[first ..< min(order.count, first + batchSize)]
                _ = sampler.chunks(at: batch, horizon: horizon)
                _ = batch.flatMap { states.row(sampler.row(of: $0)) }
                for camera in store.cameras { try copy(batch.map(sampler.row), camera, store, to: &images) }
            }
        }
        return try Comparison(
            "An epoch in random order: two images, state and a chunk of \(horizon) actions an example",
            notes: [
                "\(examples) examples in batches of \(batchSize). FASTer decodes once and keeps the images; lerobot "
                    + "decodes at every visit, in as many workers as there are threads, by its pyav back end with the "
                    + "reader of Tests/Peers/torchvision_reader.py."
            ],
            unit: .rate(of: "examples"),
            rounds: effort.rounds,
            [
                Contestant("FASTer, first epoch", items: examples, least: effort.seconds) {
                    try epoch(try fill(dataset))
                },
                Contestant("FASTer, later epochs", items: examples, least: effort.seconds) {
                    try epoch(store)
                },
                Contestant("lerobot, any epoch") { try peer.seconds("epoch", least: effort.seconds) },
            ]
        ).ratio(0, to: 2).ratio(1, to: 2)
    }

    private func copy(_ frames: [Int], _ camera: String, _ store: FrameStore, to images: inout [UInt8])
        throws
    {
        let size = 96 * 96 * 3
        try images.withUnsafeMutableBufferPointer { buffer in
            for (index, frame) in frames.enumerated() {
                let target = UnsafeMutableBufferPointer(rebasing: buffer[index * size ..< (index + 1) * size])
                try store.pixels(camera: camera, frame: frame, into: target)
            }
        }
    }
}
