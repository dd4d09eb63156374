import Foundation
import LeRobot

/// Datasets of 100,000 episodes opened.
struct Opening {
    private let effort: Effort
    private let episodes = 100_000

    init(_ effort: Effort) { self.effort = effort }

    /// Seconds of one opening, with the peak of memory in a note.
    func comparisons() throws -> [Comparison] {
        let folders = try ["v2.1", "v3.0"].map { (format: $0, folder: try recordings($0)) }
        let memory = try folders.map { format, folder in
            "\(format) \(try Memory.peak { try open(folder) })"
        }
        return [
            try Comparison(
                "Opening \(episodes) episodes of three rows with two cameras",
                notes: [
                    "With statistics of every episode and a file of its own for each (v2.1), or 1,000 episodes a file (v3.0).",
                    "Peak memory of the process, MiB: \(memory.joined(separator: ", ")); wanted at most 300. Wanted: 2 s.",
                ],
                unit: .milliseconds,
                rounds: effort.rounds,
                folders.flatMap { format, folder in
                    [
                        Contestant(format, least: effort.seconds) { try open(folder) },
                        Contestant("\(format), processor time") {
                            try Processor.seconds { try open(folder) }
                        },
                    ]
                }
            )
        ]
    }

    private func open(_ folder: URL) throws {
        let dataset = try LeRobotDataset(opening: folder)
        guard dataset.episodes.count == episodes, dataset.warnings.isEmpty else {
            throw PeerError(
                description: "\(folder.path): \(dataset.episodes.count) episodes; \(dataset.warnings)"
            )
        }
    }

    /// A dataset of many episodes, made once.
    private func recordings(_ format: String) throws -> URL {
        let folder = Peer.packageRoot.appending(path: "runs/benchmarks/episodes-\(format)")
        if FileManager.default.fileExists(atPath: folder.appending(path: "meta/info.json").path) {
            return folder
        }
        try Peer.run("Benchmarks/Peers/many_episodes.py", [folder.path, format, String(episodes)])
        return folder
    }
}
