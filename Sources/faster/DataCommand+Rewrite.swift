import ArgumentParser
import Foundation
import LeRobot
import Support
import Training

/// Writing of datasets from the episodes of others, with progress and a line about the result.
enum Assembling {
    /// Opens a dataset whose warnings are printed.
    static func open(_ folder: String) throws -> LeRobotDataset {
        try LeRobotDataset(opening: folder.asFile, warn: Terminal.warn)
    }

    /// Writes a dataset.
    static func write(_ parts: [DatasetAssembly.Part], to out: String, without: [String] = []) throws {
        let progress = Terminal.DelayedProgress(out)
        let result = try DatasetAssembly(parts, omitting: Set(without)).write(to: out.asFile) {
            progress.update($0, of: $1)
        }
        for note in result.notes { Terminal.say("Note: \(note)") }
        let segments = result.copiedSegments + result.encodedSegments
        let videos =
            segments == 0
            ? ""
            : "; of \(segments) segments of video \(result.copiedSegments) copied, \(result.encodedSegments) encoded anew"
        print("\(out): LeRobot v3.0, \(result.episodes) episodes, \(result.frames) frames\(videos)")
    }
}

/// Features that a new dataset leaves out.
struct OmittedFeatures: ParsableArguments {
    @Option(
        help: "A feature that is left out, such as a camera whose videos are absent; repeat for several."
    )
    var without: [String] = []
}

extension DataCommand {
    /// `faster data convert`.
    struct Convert: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a dataset of LeRobot v2.0, v2.1 or v3.0 as v3.0.",
            discussion: """
                Numbers and image files are copied bit by bit, and packets of videos where an episode can be cut out of its \
                file; otherwise it is encoded anew, which is said. Statistics and indices are computed anew.
                """
        )

        @Argument(help: "Folder of the dataset.")
        var folder: String

        @Option(help: "Folder of the new dataset.")
        var out: String

        @OptionGroup var omitted: OmittedFeatures

        func run() throws {
            try Assembling.write(
                [.init(dataset: try Assembling.open(folder))],
                to: out,
                without: omitted.without
            )
        }
    }

    /// `faster data merge`.
    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write several datasets as one.",
            discussion: "Their rates and features have to agree; an error names the first that does not."
        )

        @Argument(help: "Folders of the datasets, in order.")
        var folders: [String]

        @Option(help: "Folder of the new dataset.")
        var out: String

        @OptionGroup var omitted: OmittedFeatures

        func run() throws {
            try Assembling.write(
                try folders.map { .init(dataset: try Assembling.open($0)) },
                to: out,
                without: omitted.without
            )
        }
    }

    /// `faster data split`.
    struct Split: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a dataset as several, by fractions or by episodes.",
            discussion: """
                --fractions train=0.9,test=0.1 samples episodes at random by --seed; --part train=0:90 --part test=90:100 names \
                them. Every part becomes a folder in --out.
                """
        )

        @Argument(help: "Folder of the dataset.")
        var folder: String

        @Option(help: "Fractions of the episodes, NAME=FRACTION,...; together at most 1.")
        var fractions: String?

        @Option(help: "A part and its episodes, NAME=EPISODES; repeat for several.")
        var part: [String] = []

        @Option(help: "Seed of the random split.")
        var seed: UInt64 = 0

        @Option(help: "Folder in which the new datasets are made.")
        var out: String

        @OptionGroup var omitted: OmittedFeatures

        func validate() throws {
            guard (fractions == nil) != part.isEmpty else {
                throw ValidationError("Give either --fractions or --part.")
            }
        }

        func run() throws {
            let dataset = try Assembling.open(folder)
            let parts = try fractions.map { try sampled($0, count: dataset.episodes.count) } ?? named(dataset)
            for (index, part) in parts.enumerated() {
                guard !part.name.isEmpty, !part.name.contains("/"), !part.name.hasPrefix(".") else {
                    throw ValidationError("'\(part.name)' is no name of a folder.")
                }
                guard !parts[..<index].contains(where: { $0.name == part.name }) else {
                    throw ValidationError("'\(part.name)' is the name of two parts.")
                }
                let folder = out.asFile.appending(path: part.name)
                guard !FileManager.default.fileExists(atPath: folder.path) else {
                    throw ValidationError("\(folder.path): exists already; choose another --out or name.")
                }
            }
            for part in parts {
                try Assembling.write(
                    [.init(dataset: dataset, episodes: part.episodes)],
                    to: out.asFile.appending(path: part.name).path,
                    without: omitted.without
                )
            }
        }

        private func named(_ dataset: LeRobotDataset) throws -> [(name: String, episodes: [Int])] {
            try part.map { text in
                let words = text.split(separator: "=", maxSplits: 1).map(String.init)
                guard words.count == 2 else { throw ValidationError("'\(text)': expected NAME=EPISODES.") }
                return (
                    words[0], try EpisodeSelection(words[1], count: dataset.episodes.count).indices.sorted()
                )
            }
        }

        /// Samples episodes without replacement; every part is sorted, and has at least one.
        private func sampled(_ text: String, count: Int) throws -> [(name: String, episodes: [Int])] {
            let fractions = try text.split(separator: ",").map { item in
                let words = item.split(separator: "=", maxSplits: 1).map(String.init)
                guard words.count == 2, let fraction = Double(words[1]), fraction > 0, fraction <= 1 else {
                    throw ValidationError("'\(item)': expected NAME=FRACTION, for example train=0.9.")
                }
                return (name: words[0], fraction: fraction)
            }
            guard fractions.reduce(0, { $0 + $1.fraction }) < 1 + 1e-9 else {
                throw ValidationError("Fractions '\(text)' are more than 1 together.")
            }
            var random = SeededRandom(seed: seed, 0x5057)
            let order = Array(0 ..< count).shuffled(using: &random)
            var parts: [(name: String, episodes: [Int])] = []
            var first = 0
            var sum = 0.0
            for item in fractions {
                sum += item.fraction
                let end = min(count, Int((sum * Double(count)).rounded()))
                guard end > first else {
                    throw ValidationError("'\(item.name)=\(item.fraction)' of \(count) episodes is none.")
                }
                parts.append((item.name, order[first ..< end].sorted()))
                first = end
            }
            return parts
        }
    }

    /// `faster data filter`.
    struct Filter: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write some episodes of a dataset as a new one.",
            discussion: "Episodes that meet all conditions are kept, in order."
        )

        @Argument(help: "Folder of the dataset.")
        var folder: String

        @Option(help: "Episodes, for example 0:10,12, or all but some, ^9::10.")
        var episodes: String?

        @Option(help: "An instruction whose episodes are kept; repeat for several.")
        var task: [String] = []

        @Option(help: "Smallest number of frames of an episode.")
        var minFrames = 1

        @Option(help: "Folder of the new dataset.")
        var out: String

        @OptionGroup var omitted: OmittedFeatures

        func run() throws {
            let dataset = try Assembling.open(folder)
            var kept = try episodes.map {
                try EpisodeSelection($0, count: dataset.episodes.count).indices.sorted()
            }
            for text in task where !dataset.tasks.contains(text) {
                let near = text.nearest(in: dataset.tasks).map { "; did you mean '\($0)'?" } ?? ""
                throw ValidationError("The dataset has no instruction '\(text)'\(near)")
            }
            kept = (kept ?? Array(dataset.episodes.indices)).filter { index in
                let episode = dataset.episodes[index]
                return episode.length >= minFrames
                    && (task.isEmpty || episode.tasks.contains(where: task.contains))
            }
            guard let kept, !kept.isEmpty else { throw ValidationError("No episode meets the conditions.") }
            try Assembling.write([.init(dataset: dataset, episodes: kept)], to: out, without: omitted.without)
        }
    }

    /// `faster data repair`.
    struct Repair: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write what is whole of a damaged dataset as a new one.",
            discussion: """
                Episodes whose rows can be read and whose cameras have a frame for every row are kept; what is left out is \
                said. Indices, lengths, totals, tasks and statistics are written anew, from the rows. Without a list of \
                episodes, as after an interrupted recording, the rows' own episode_index is taken.
                """
        )

        @Argument(help: "Folder of the dataset.")
        var folder: String

        @Option(help: "Folder of the new dataset.")
        var out: String

        func run() throws {
            let repair = try DatasetRepair(opening: folder.asFile, warn: Terminal.warn)
            for (episode, reason) in repair.leftOut {
                Terminal.say("Left out: episode \(episode): \(reason)")
            }
            try Assembling.write([repair.part], to: out)
            if !repair.leftOut.isEmpty { print("left out  \(repair.leftOut.count) episodes") }
        }
    }
}
