public import Foundation
import RobotTypes

/// Episodes of datasets of any version, written as one new dataset of format LeRobot v3.0.
///
/// Numbers, texts and image files are copied bit by bit, packets of videos where an episode can be cut out of its file.
/// Indices, lengths, tasks and statistics are computed anew. One episode is in memory at a time, and the columns of its
/// data file.
///
/// ```swift
/// let assembly = try DatasetAssembly([.init(dataset: first), .init(dataset: second, episodes: [0, 3])])
/// let result = try assembly.write(to: folder)
/// ```
public struct DatasetAssembly {
    /// Episodes of one dataset.
    public struct Part {
        /// The dataset.
        public let dataset: LeRobotDataset

        /// Indices of the episodes, in the order in which they are written.
        public let episodes: [Int]

        /// Chooses episodes; nil for all.
        public init(dataset: LeRobotDataset, episodes: [Int]? = nil) {
            self.dataset = dataset
            self.episodes = episodes ?? Array(dataset.episodes.indices)
        }
    }

    /// A dataset that was written.
    public struct Result: Sendable {
        /// Number of episodes.
        public let episodes: Int

        /// Number of frames.
        public let frames: Int

        /// Segments of video whose packets were copied.
        public let copiedSegments: Int

        /// Segments of video that were encoded anew.
        public let encodedSegments: Int

        /// Descriptions of what was left out or changed.
        public let notes: [String]
    }

    let parts: [Part]
    let schema: CopiedSchema

    /// Compares the datasets.
    ///
    /// - Parameters:
    ///   - parts: Datasets and episodes, in the order in which they are written; at least one episode.
    ///   - omitted: Names of features that are left out, such as cameras whose videos are absent.
    /// - Throws: ``LeRobotError`` that names the feature where the datasets do not agree, or an episode that is none.
    public init(_ parts: [Part], omitting omitted: Set<String> = []) throws(LeRobotError) {
        for part in parts {
            for episode in part.episodes where !part.dataset.episodes.indices.contains(episode) {
                throw .outOfRange(what: "episode", index: episode, count: part.dataset.episodes.count)
            }
        }
        self.parts = parts.filter { !$0.episodes.isEmpty }
        guard let first = self.parts.first else {
            throw .invalidData(field: "episodes", expected: "at least one", found: "none")
        }
        var schema = try CopiedSchema(first.dataset, omitting: omitted)
        for part in self.parts.dropFirst() {
            try schema.check(against: try CopiedSchema(part.dataset, omitting: omitted))
        }
        self.schema = schema
    }

    /// Writes the dataset.
    ///
    /// - Parameters:
    ///   - folder: Folder of the dataset; must not exist yet, or be empty.
    ///   - progress: Called with the episodes that are done, and their number.
    /// - Returns: Numbers of what was written, and remarks.
    /// - Throws: ``LeRobotError`` when an episode cannot be read, or a file cannot be written; nothing is left behind.
    public func write(
        to folder: URL,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(LeRobotError) -> Result {
        let partial = try PartialFolder(for: folder)
        do throws(LeRobotError) {
            let writing = AssemblyWriting(folder: partial.url, schema: schema)
            let total = parts.reduce(0) { $0 + $1.episodes.count }
            for part in parts {
                for run in Self.runs(of: part) {
                    try writing.append(run, of: part.dataset) { progress($0, total) }
                }
            }
            let result = try writing.finish()
            try partial.commit()
            return result
        } catch {
            partial.discard()
            throw error
        }
    }

    /// Runs of consecutive episodes that lie in the same data file alone.
    private static func runs(of part: Part) -> [[Episode]] {
        var runs: [[Episode]] = []
        var last: Int?
        for episode in part.episodes.map({ part.dataset.episodes[$0] }) {
            let files = Set(episode.pieces.map(\.file))
            let file = files.count == 1 ? files.first : nil
            if let file, file == last, runs[runs.count - 1].count < 256 {
                runs[runs.count - 1].append(episode)
            } else {
                runs.append([episode])
            }
            last = file
        }
        return runs
    }
}
