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
    ///   - folder: A LeRobot dataset of version 2.0, 2.1 or 3.0.
    ///   - groups: `position=0:3,gripper=3`; nil takes those of the mapping, or reads them off the names of the columns.
    ///   - mapping: Composition of action and state; nil for the features `action` and `observation.state`.
    ///   - warn: Called once for every inconsistency of the dataset that is passed over, on any thread.
    /// - Throws: `LeRobotError`, `ActionSpaceError`, and ``DemonstrationsError`` when groups and columns differ.
    public init(
        opening folder: URL,
        groups: String? = nil,
        mapping: FeatureMapping? = nil,
        warn: @escaping @Sendable (DatasetWarning) -> Void = { _ in }
    ) throws {
        dataset = try LeRobotDataset(opening: folder, warn: warn)
        guard !dataset.episodes.isEmpty else {
            throw DemonstrationsError(description: "\(folder.path): the dataset has no episodes")
        }
        let parts = (mapping?.action ?? []) + (mapping?.state ?? [])
        let standard = ["action", DatasetInfo.state, DatasetInfo.environmentState]
        var table = try dataset.loadTable(features: standard + parts.map(\.slice.feature))
        var guessed: ActionSpace?
        if let action = mapping?.action, !action.isEmpty {
            let widths = try table.combine("action", of: action.map(\.slice))
            guessed = try mapping?.actionSpace(widths, names: table.columnNames(of: "action") ?? [])
        }
        if let state = mapping?.state, !state.isEmpty {
            try table.combine(DatasetInfo.state, of: state.map(\.slice))
        }
        guard table.columns["action"] != nil else { throw Self.withoutAction(dataset) }
        self.table = table
        sampler = try ChunkSampler(dataset: dataset, table: table)
        let columns = sampler.column.dimension
        actionSpace =
            try groups.map { try ActionSpace(parsing: $0) } ?? guessed
            ?? Self.actionSpace(names: table.columnNames(of: "action"), columns: columns)
        guard actionSpace.dimension == columns else {
            throw error(
                "the actions have \(columns) columns, the groups \(actionSpace) cover \(actionSpace.dimension)"
            )
        }
    }

    /// Groups of the columns of a dataset's actions, read off their names; one group `other` where there are none.
    ///
    /// - Throws: `ActionSpaceError`.
    public static func actionSpace(of dataset: LeRobotDataset, columns: Int) throws -> ActionSpace {
        try actionSpace(names: dataset.info.features["action"]?.names, columns: columns)
    }

    private static func actionSpace(names: [String]?, columns: Int) throws -> ActionSpace {
        guard let names, names.count == columns else {
            return try ActionSpace(groups: [.init(name: "other", columns: 0 ..< columns)])
        }
        return try ActionSpace(columnNames: names)
    }

    /// Names of the columns of an action; nil where the dataset has none that fit.
    public var actionNames: [String]? { table.columnNames(of: "action") }

    /// The error about a dataset without the feature `action`, with a mapping that could be meant.
    private static func withoutAction(_ dataset: LeRobotDataset) -> DemonstrationsError {
        let numeric = dataset.info.features.filter { $0.value.isNumeric && !$0.value.isImage }.keys.sorted()
        let actions = numeric.filter { $0.lowercased().contains("action") }
        let remedy =
            actions.isEmpty
            ? "it has \(numeric.joined(separator: ", "))"
            : "make one of others by --mapping FILE with the line "
                + "'action: [\(actions.map { "{feature: \($0)}" }.joined(separator: ", "))]'"
        return DemonstrationsError(
            description: "\(dataset.folder.path): the dataset has no feature 'action'; \(remedy)"
        )
    }

    /// An error of this dataset.
    func error(_ reason: String) -> DemonstrationsError {
        DemonstrationsError(description: "\(dataset.folder.path): \(reason)")
    }

    /// Chunks that start at every frame of `episodes` (nil: of all), in the robot's units.
    ///
    /// - Throws: `LeRobotError` that names file, row and column where one of the actions is no finite number.
    public func chunks(horizon: Int, episodes: [Int]?) throws -> ActionChunks {
        try table.check(sampler.column, episodes: episodes)
        return try sampler.chunks(horizon: horizon, episodes: episodes)
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
    ///
    /// - Throws: `LeRobotError` that names file, row and column where one of the actions is no finite number.
    public func actionNormalization(
        _ method: Normalization.Method,
        episodes: [Int]?
    ) throws -> Normalization {
        try normalization(of: sampler.column, method, episodes: episodes)
    }

    /// Normalisation of a column by statistics over `episodes` (nil: over all).
    ///
    /// - Throws: `LeRobotError` that names file, row and column where one of the values is no finite number.
    func normalization(
        of column: FrameTable.Column,
        _ method: Normalization.Method,
        episodes: [Int]?
    ) throws -> Normalization {
        try table.check(column, episodes: episodes)
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
    /// - Throws: ``DemonstrationsError`` when there is none, or a name is none of them or occurs twice.
    func cameras(_ chosen: [String] = []) throws -> [String] {
        let names = dataset.cameras
        guard !names.isEmpty else {
            throw error("has no camera, which a policy needs")
        }
        guard !chosen.isEmpty else { return names }
        var cameras: [String] = []
        for camera in chosen {
            func isMeant(_ name: String) -> Bool {
                name == camera || name.split(separator: ".").last == camera[...]
            }
            guard let name = names.first(where: isMeant) else {
                throw error("has no camera '\(camera)', only \(names.joined(separator: ", "))")
            }
            guard !cameras.contains(name) else {
                throw DemonstrationsError(description: "cameras: '\(name)' is named twice")
            }
            cameras.append(name)
        }
        return cameras
    }
}

/// A dataset that does not fit a training.
public struct DemonstrationsError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
