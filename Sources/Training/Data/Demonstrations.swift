internal import ActionTokenizers
public import Foundation
public import LeRobot
public import RobotTypes

/// A recorded dataset, as trainings read it.
public struct Demonstrations: Sendable {
    /// The dataset on disk.
    public let dataset: LeRobotDataset

    /// The columns of its actions.
    public let actionSpace: ActionSpace

    /// The numbers of all frames.
    let table: FrameTable

    private let sampler: ChunkSampler

    /// Opens the dataset in `folder`.
    ///
    /// - Parameters:
    ///   - folder: A LeRobot v3.0 dataset.
    ///   - groups: `position=0:3,gripper=3`; nil reads the groups off the dataset's column names.
    /// - Throws: `LeRobotError`, `ActionSpaceError`, and ``DemonstrationsError`` when groups and columns differ.
    public init(opening folder: URL, groups: String? = nil) throws {
        dataset = try LeRobotDataset(opening: folder)
        table = try dataset.loadTable()
        sampler = try ChunkSampler(dataset: dataset, table: table)
        let columns = sampler.column.dimension
        if let groups {
            actionSpace = try ActionSpace(parsing: groups)
        } else if let names = dataset.info.features["action"]?.names, names.count == columns {
            actionSpace = try ActionSpace(columnNames: names)
        } else {
            actionSpace = try ActionSpace(groups: [.init(name: "other", columns: 0 ..< columns)])
        }
        guard actionSpace.dimension == columns else {
            throw error(
                "the actions have \(columns) columns, the groups \(actionSpace) cover \(actionSpace.dimension)"
            )
        }
    }

    /// An error of this dataset.
    func error(_ reason: String) -> DemonstrationsError {
        DemonstrationsError(description: "\(dataset.folder.path): \(reason)")
    }

    /// Chunks that start at every frame of `episodes` (nil: of all), in the robot's units.
    public func chunks(horizon: Int, episodes: [Int]?) throws -> ActionChunks {
        try sampler.chunks(horizon: horizon, episodes: episodes)
    }

    /// The same chunks, normalised.
    func chunks(horizon: Int, episodes: [Int]?, _ normalization: Normalization) throws -> ActionChunks {
        var chunks = try chunks(horizon: horizon, episodes: episodes)
        chunks.values = normalization.normalized(chunks.values)
        return chunks
    }

    /// Rows of `episodes` in the table (nil: of all), in order.
    func rows(of episodes: [Int]?) -> [Int] {
        (episodes ?? Array(dataset.episodes.indices)).flatMap { Array(dataset.episodes[$0].rows) }
    }

    /// Normalisation of actions by statistics over `episodes` (nil: over all).
    public func actionNormalization(_ method: Normalization.Method, episodes: [Int]?) -> Normalization {
        normalization(of: sampler.column, method, episodes: episodes)
    }

    /// Normalisation of a column by statistics over `episodes` (nil: over all).
    func normalization(
        of column: FrameTable.Column,
        _ method: Normalization.Method,
        episodes: [Int]?
    ) -> Normalization {
        let rows = (episodes ?? Array(dataset.episodes.indices)).flatMap {
            column.rows(dataset.episodes[$0].rows)
        }
        return Normalization(
            method: method,
            statistics: featureStatistics(values: rows, dimension: column.dimension)
        )
    }

    /// The robot's states.
    ///
    /// - Throws: ``DemonstrationsError`` when the dataset has no `observation.state`.
    func states() throws -> FrameTable.Column {
        guard let states = table.states else { throw error("has no feature 'observation.state'") }
        return states
    }

    /// Chooses cameras, in the order in which policies read them.
    ///
    /// - Parameter chosen: Whole names or their last parts; all cameras where empty.
    /// - Returns: Their names.
    /// - Throws: ``DemonstrationsError`` when there is none, or a name is none of them or occurs twice; `LeRobotError`
    ///   for a camera whose images are stored one by one.
    func cameras(_ chosen: [String] = []) throws -> [String] {
        let names = dataset.cameras
        guard !names.isEmpty else {
            try checkImages { _ in true }
            throw error("has no camera, which a policy needs")
        }
        guard !chosen.isEmpty else { return names }
        var cameras: [String] = []
        for wish in chosen {
            func isMeant(_ name: String) -> Bool {
                name == wish || name.split(separator: ".").last == wish[...]
            }
            guard let name = names.first(where: isMeant) else {
                try checkImages(isMeant)
                throw error("has no camera '\(wish)', only \(names.joined(separator: ", "))")
            }
            guard !cameras.contains(name) else {
                throw DemonstrationsError(description: "cameras: '\(name)' is named twice")
            }
            cameras.append(name)
        }
        return cameras
    }

    /// Refuses cameras whose images lie in Parquet files instead of videos, with what to do about it.
    private func checkImages(_ isMeant: (String) -> Bool) throws(LeRobotError) {
        let images = dataset.info.features.filter { $0.value.dtype == "image" }.keys.filter(isMeant)
        if let first = images.min() { throw .unsupportedFeature(first, dtype: "image") }
    }
}

/// A dataset that cannot be trained on as asked.
public struct DemonstrationsError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
