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

    /// Map of recorded actions to those that models learn; nil where they are the same.
    public internal(set) var transform: ActionTransform?

    /// The mapping that a person gave; nil where it is read off the dataset.
    public let mapping: DatasetMapping?

    /// The numbers of all frames.
    let table: FrameTable

    /// Columns of the actions.
    let actions: MappedColumns

    /// Columns of the states; nil where there are none.
    private let stateColumns: MappedColumns?

    private let sampler: ChunkSampler

    /// Opens the dataset in `folder`.
    ///
    /// - Parameters:
    ///   - folder: A LeRobot dataset of version 2.0, 2.1 or 3.0.
    ///   - groups: `position=0:3,gripper=3`; nil takes those of the mapping, or reads them off the names of the columns.
    ///   - mapping: Features that actions and states are made of; nil for `action` and `observation.state`.
    ///   - relative: Columns or groups of actions that become relative to the state, where there is no mapping.
    ///   - warn: Called once for every inconsistency of the dataset that is passed over, on any thread.
    /// - Throws: `LeRobotError`, `ActionSpaceError`, ``DatasetMappingError``, and ``DemonstrationsError`` when groups and
    ///   columns differ.
    public init(
        opening folder: URL,
        groups: String? = nil,
        mapping: DatasetMapping? = nil,
        relative: [String] = [],
        warn: @escaping @Sendable (DatasetWarning) -> Void = { _ in }
    ) throws {
        dataset = try LeRobotDataset(opening: folder, warn: warn)
        guard !dataset.episodes.isEmpty else {
            throw DemonstrationsError(description: "\(folder.path): the dataset has no episodes")
        }
        self.mapping = mapping
        let mapped = ["action"] + (mapping.map { ($0.action + $0.state).flatMap(\.sources) } ?? [])
        table = try dataset.loadTable(
            features: mapped + [DatasetInfo.state, DatasetInfo.environmentState],
            passingOverDamage: true
        )
        guard mapping?.action.isEmpty == false || table.columns["action"] != nil else {
            throw Self.withoutAction(dataset)
        }
        (actions, stateColumns) = try Self.columns(of: table, mapping)
        sampler = ChunkSampler(dataset: dataset, column: actions.values)
        let columns = actions.dimension
        actionSpace =
            try groups.map { try ActionSpace(parsing: $0) } ?? mapping?.actionSpace(actions)
            ?? Self.actionSpace(of: dataset, columns: columns)
        transform = try mapping?.transform(actions, stateColumns)
        guard actionSpace.dimension == columns else {
            throw error(
                "the actions have \(columns) columns, the groups \(actionSpace) cover \(actionSpace.dimension)"
            )
        }
        if let relative = try relativeTransform(relative) { transform = relative }
    }

    private static func columns(
        of table: FrameTable,
        _ mapping: DatasetMapping?
    ) throws -> (actions: MappedColumns, states: MappedColumns?) {
        let states = table.states.map { MappedColumns($0, names: table.names(of: $0.name)) }
        guard let mapping else {
            let actions = try table.actions
            return (MappedColumns(actions, names: table.names(of: actions.name)), states)
        }
        let actions =
            mapping.action.isEmpty
            ? try MappedColumns(table.actions, names: table.names(of: "action"))
            : try MappedColumns(mapping.action, key: "action", as: "action", of: mapping, in: table)
        guard !mapping.state.isEmpty else { return (actions, states) }
        return (
            actions,
            try MappedColumns(mapping.state, key: "state", as: DatasetInfo.state, of: mapping, in: table)
        )
    }

    /// Groups of the columns of a dataset's actions, read off their names, or without names off `meta/modality.json`; one
    /// group `other` where there is neither.
    ///
    /// - Throws: `ActionSpaceError`.
    public static func actionSpace(of dataset: LeRobotDataset, columns: Int) throws -> ActionSpace {
        guard let names = dataset.info.features["action"]?.names, names.count == columns else {
            if let groups = dataset.modalityGroups(of: "action"), groups.last?.columns.upperBound == columns {
                return try ActionSpace(groups: groups.map { .init(name: $0.name, columns: $0.columns) })
            }
            return try ActionSpace(groups: [.init(name: "other", columns: 0 ..< columns)])
        }
        return try ActionSpace(columnNames: names)
    }

    /// The error about a dataset without the feature `action`, with a mapping that could be meant.
    private static func withoutAction(_ dataset: LeRobotDataset) -> DemonstrationsError {
        let numeric = dataset.info.features.filter { $0.value.isNumeric && !$0.value.isImage }.keys.sorted()
        let actions = numeric.filter { $0.lowercased().contains("action") }
        let remedy =
            actions.isEmpty
            ? "it has \(numeric.joined(separator: ", "))"
            : "make one of others by --mapping FILE with the line "
                + "'action: [\(actions.joined(separator: ", "))]'"
        return DemonstrationsError(
            description: "\(dataset.folder.path): the dataset has no feature 'action'; \(remedy)"
        )
    }

    /// An error of this dataset.
    func error(_ reason: String) -> DemonstrationsError {
        DemonstrationsError(description: "\(dataset.folder.path): \(reason)")
    }

    /// Chunks that start at every frame of `episodes` (nil: of all), in the robot's units, transformed.
    ///
    /// Behind an episode's end they are padded by ``padding``. Chunks of a duration are of as many steps as the model's, whatever
    /// the dataset's rate.
    ///
    /// - Throws: `LeRobotError` that names file, row and column where one of the actions is no finite number.
    public func chunks(horizon: Int, episodes: [Int]?) throws -> ActionChunks {
        try check(actions, episodes: episodes)
        let steps = transform?.robotSteps(ofModel: horizon) ?? horizon
        let chunks = try sampler.chunks(horizon: steps, episodes: episodes).padded(by: padding)
        guard let transform else { return chunks }
        guard transform.isRelative else {
            return transform.transformed(chunks, states: [], horizon: horizon)
        }
        let states = try states()
        try check(states, episodes: episodes)
        let rows = try sampler.starts(episodes: episodes).map(sampler.row)
        return transform.transformed(
            chunks,
            states: rows.flatMap { states.values.row($0) },
            horizon: horizon
        )
    }

    /// Checks that columns hold finite numbers in the frames of `episodes` (nil: of all).
    ///
    /// - Throws: `LeRobotError` that names file, row and column of the first cell that is none.
    func check(_ columns: MappedColumns, episodes: [Int]?) throws(LeRobotError) {
        try table.check(columns.values, episodes: episodes) {
            (columns.sources[$0].feature, columns.sources[$0].column)
        }
    }

    /// The episodes in which every number that is used is finite, and the others with the reason.
    ///
    /// - Parameters:
    ///   - episodes: Episodes to look through; nil for all.
    ///   - usesStates: True if states are used, too.
    /// - Returns: Indices of the episodes, in order.
    /// - Throws: `LeRobotError` for an episode that does not exist, or the first reason where no episode is left.
    public func finiteEpisodes(
        _ episodes: [Int]?,
        usesStates: Bool = false
    ) throws -> (finite: [Int], others: [(episode: Int, reason: LeRobotError)]) {
        var columns = [actions]
        if usesStates || transform?.isRelative == true, let stateColumns { columns.append(stateColumns) }
        var finite: [Int] = []
        var others: [(episode: Int, reason: LeRobotError)] = []
        for episode in episodes ?? Array(dataset.episodes.indices) {
            do throws(LeRobotError) {
                for column in columns { try check(column, episodes: [episode]) }
                finite.append(episode)
            } catch {
                if case .outOfRange = error { throw error }
                others.append((episode, error))
            }
        }
        if finite.isEmpty, let first = others.first { throw first.reason }
        return (finite, others)
    }

    /// Rows of `episodes` in the table (nil: of all), in order.
    func rows(of episodes: [Int]?) -> [Int] {
        (episodes ?? Array(dataset.episodes.indices)).flatMap { Array(dataset.episodes[$0].rows) }
    }

    /// Normalisation of actions by statistics over `episodes` (nil: over all).
    ///
    /// Transformed actions depend on their chunk, so their statistics are those of all valid steps of all chunks.
    ///
    /// - Parameters:
    ///   - method: Method of the map.
    ///   - horizon: Control steps of a chunk.
    ///   - episodes: Episodes of the statistics; nil for all.
    /// - Returns: The normalization, with the transform.
    /// - Throws: `LeRobotError` that names file, row and column where one of the actions is no finite number.
    public func actionNormalization(
        _ method: Normalization.Method,
        horizon: Int,
        episodes: [Int]?
    ) throws -> Normalization {
        Normalization(
            method: method,
            statistics: featureStatistics(
                values: try actionValues(horizon: horizon, episodes: episodes),
                dimension: actions.dimension
            ),
            transform: transform
        )
    }

    /// The actions that statistics are over, `[n, dimension]`: those of all frames, or the valid steps of all chunks where a
    /// transform makes them depend on their chunk.
    ///
    /// - Throws: `LeRobotError` that names file, row and column where one of the actions is no finite number.
    func actionValues(horizon: Int, episodes: [Int]?) throws -> [Float] {
        guard transform != nil else { return try values(of: actions, episodes: episodes) }
        return try chunks(horizon: horizon, episodes: episodes).validRows
    }

    /// The values of columns in all frames of `episodes` (nil: of all), `[n, dimension]`.
    ///
    /// - Throws: `LeRobotError` that names file, row and column where one of the values is no finite number.
    func values(of columns: MappedColumns, episodes: [Int]?) throws -> [Float] {
        try check(columns, episodes: episodes)
        return (episodes ?? Array(dataset.episodes.indices)).flatMap {
            columns.values.rows(dataset.episodes[$0].rows)
        }
    }

    /// The robot's states.
    ///
    /// - Throws: ``DemonstrationsError`` when the dataset has no `observation.state`.
    func states() throws -> MappedColumns {
        guard let stateColumns else { throw error("has no feature 'observation.state'") }
        return stateColumns
    }

    /// Number of columns of the robot's states; 0 where there are none.
    var stateDimension: Int { stateColumns?.dimension ?? 0 }

    /// Chooses cameras, in the order in which policies read them.
    ///
    /// - Parameter chosen: Whole names or their last parts; all cameras where empty.
    /// - Returns: Their names.
    /// - Throws: ``DemonstrationsError`` when there is none, or a name is none of them or occurs twice.
    func cameras(_ chosen: [String] = []) throws -> [String] {
        let names = mapping.map(\.cameras).flatMap { $0.isEmpty ? nil : $0.map(\.name) } ?? dataset.cameras
        guard !dataset.cameras.isEmpty else {
            throw error("has no camera, which a policy needs")
        }
        return try choose(chosen, among: names)
    }

    /// Chooses among the names of cameras; all where `chosen` is empty.
    ///
    /// - Throws: ``DemonstrationsError`` when a name is none of them or occurs twice.
    func choose(_ chosen: [String], among names: [String]) throws -> [String] {
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

extension ActionChunks {
    /// The rows of all steps inside episodes, `[n, dimension]`.
    fileprivate var validRows: [Float] {
        (0 ..< count).flatMap { chunk in
            let first = chunk * horizon * dimension
            return values[first ..< first + validSteps[chunk] * dimension]
        }
    }
}

/// A dataset that does not fit a training.
public struct DemonstrationsError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
