import ArgumentParser
import Foundation
import LeRobot
import Reports

extension DataCommand {
    /// `faster data view`.
    struct View: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write an episode as one HTML file.",
            discussion:
                "Videos of all cameras with plots of the numbers in step, the instruction, and statistics."
        )

        @Argument(help: "Folder of the dataset.")
        var folder: String

        @Argument(help: "Number of the episode.")
        var episode: Int

        @Option(help: "HTML file to write.")
        var out: String

        func run() throws {
            let dataset = try Assembling.open(folder)
            guard dataset.episodes.indices.contains(episode) else {
                throw LeRobotError.outOfRange(what: "episode", index: episode, count: dataset.episodes.count)
            }
            let shown = dataset.episodes[episode]
            var videos: [EpisodePage.Video] = []
            for camera in dataset.cameras {
                do {
                    let mp4 = try dataset.watchableVideo(episode: episode, camera: camera)
                    videos.append(.init(camera: camera, mp4: mp4))
                } catch { Terminal.say("Warning: \(camera) is left out: \(error)") }
            }
            let page = EpisodePage(
                title: "\(folder.asFile.standardizedFileURL.lastPathComponent), episode \(episode)",
                instruction: shown.tasks.joined(separator: "; "),
                facts: [
                    ("steps", "\(shown.length)"), ("steps a second", "\(dataset.info.fps)"),
                    ("seconds", String(format: "%.1f", Double(shown.length) / dataset.info.fps)),
                    ("robot", dataset.info.robotType ?? "unknown"),
                ],
                fps: dataset.info.fps,
                steps: shown.length,
                videos: videos,
                features: try features(of: dataset, shown)
            )
            try page.write(to: out.asFile)
            print("\(out): episode \(episode), \(shown.length) steps, \(videos.count) videos")
        }

        /// Actions first, then the state, then the other numbers.
        private func features(of dataset: LeRobotDataset, _ shown: Episode) throws -> [EpisodePage.Feature] {
            let table = try dataset.numbers(ofEpisode: shown.index)
            let first = ["action", DatasetInfo.state]
            let names =
                first.filter { table[$0] != nil }
                + table.keys.filter { !first.contains($0) }.sorted()
            return names.compactMap { name in
                guard let column = table[name] else { return nil }
                let values = column.values
                let titles = dataset.info.features[name]?.names ?? []
                return EpisodePage.Feature(
                    name: name,
                    columns: (0 ..< column.dimension).map { $0 < titles.count ? titles[$0] : "\($0)" },
                    values: (0 ..< column.dimension).map { index in
                        (0 ..< shown.length).map { Double(values[$0 * column.dimension + index]) }
                    }
                )
            }
        }
    }
}
