import Foundation

/// The numbers of a dataset, all frames of all episodes in order.
public struct FrameTable: Sendable {
    /// One numeric feature.
    public struct Column: Equatable, Sendable {
        /// Name of the feature.
        public let name: String

        /// Number of values of one frame.
        public let dimension: Int

        /// `[count, dimension]`, row-major.
        public let values: [Float]

        /// Wraps `values`, `[count, dimension]`.
        public init(name: String, dimension: Int, values: [Float]) {
            self.name = name
            self.dimension = dimension
            self.values = values
        }

        /// The values of one frame, `[dimension]`.
        public func row(_ index: Int) -> ArraySlice<Float> {
            values[index * dimension ..< (index + 1) * dimension]
        }

        /// The values of consecutive frames, `[rows.count, dimension]`.
        public func rows(_ rows: Range<Int>) -> ArraySlice<Float> {
            values[rows.lowerBound * dimension ..< rows.upperBound * dimension]
        }
    }

    /// Number of frames.
    public let count: Int

    /// The numeric features that were read, without bookkeeping, by name.
    public let columns: [String: Column]

    /// The instruction, an index into the dataset's tasks, `[count]`; -1 where there is none.
    public let taskIndex: [Int]

    let source: LeRobotDataset

    /// Reasons why numbers of episodes are absent.
    let failures: [Int: LeRobotError]

    /// The column of a feature.
    ///
    /// - Throws: ``LeRobotError/noSuchFeature(_:expected:available:)``.
    public func column(_ name: String) throws(LeRobotError) -> Column {
        guard let column = columns[name] else {
            let numeric = source.info.features.filter {
                $0.value.isNumeric && !$0.value.isImage && DatasetInfo.bookkeeping[$0.key] == nil
            }
            throw .noSuchFeature(name, expected: "numeric feature", available: numeric.keys.sorted())
        }
        return column
    }

    /// The `action` column, `[count, D]`.
    ///
    /// - Throws: ``LeRobotError/noSuchFeature(_:expected:available:)``.
    public var actions: Column {
        get throws(LeRobotError) { try column("action") }
    }

    /// The `observation.state` column, `[count, S]`; nil where the robot reports none.
    public var states: Column? { columns[DatasetInfo.state] }

    /// The `observation.environment_state` column, `[count, M]`: poses of objects; nil where there is none.
    public var environmentStates: Column? { columns[DatasetInfo.environmentState] }

    /// Names of a feature's columns; nil where it has none.
    public func names(of feature: String) -> [String]? { source.info.features[feature]?.names }

    /// Checks that a column holds finite numbers in the frames of some episodes.
    ///
    /// - Parameters:
    ///   - column: A column of the table.
    ///   - episodes: Indices of episodes; nil for all.
    ///   - origin: The feature and its column that a column of `column` comes from, where it was joined of several.
    /// - Throws: ``LeRobotError`` that names file, row and column of the first cell that is none.
    public func check(
        _ column: Column,
        episodes: [Int]? = nil,
        origin: (Int) -> (feature: String, column: Int)? = { _ in nil }
    ) throws(LeRobotError) {
        for number in episodes ?? Array(source.episodes.indices) {
            guard source.episodes.indices.contains(number) else {
                throw .outOfRange(what: "episode", index: number, count: source.episodes.count)
            }
            let episode = source.episodes[number]
            let values = column.rows(episode.rows)
            guard let index = values.firstIndex(where: { !$0.isFinite }) else { continue }
            // The slice keeps the indices of the whole column.
            let position = index % column.dimension
            if values[index].bitPattern == Float.absentCell.bitPattern, let failure = failures[number] {
                throw failure
            }
            let cell = origin(position) ?? (column.name, position)
            throw source.badCell(
                values[index],
                feature: cell.feature,
                row: index / column.dimension,
                column: cell.column,
                of: episode
            )
        }
    }
}

extension LeRobotDataset {
    /// The error about a cell that holds no number.
    fileprivate func badCell(_ value: Float, feature: String, row: Int, column: Int, of episode: Episode)
        -> LeRobotError
    {
        let position = row - episode.rows.lowerBound
        let name =
            info.features[feature]?.names.flatMap { column < $0.count ? " (\($0[column]))" : nil } ?? ""
        let frame = "frame \(position) of episode \(episode.index), frame \(row) of the dataset"
        guard let piece = episode.pieces.first else {
            return .missingFile(
                folder.appending(path: info.dataPath(of: episode.dataFile)).path,
                needed:
                    "episode \(episode.index) is in it; fetch the file, or leave the episode out with --episodes"
            )
        }
        var file = rowSource.url(piece.file).path
        var source = ""
        // The file is opened again: its rows need not be in order.
        try? rowSource.forEachFile(of: [episode]) { (reader, parts) throws(LeRobotError) in
            for part in parts where part.rows.indices.contains(position - part.first) {
                file = reader.path
                source = "row \(part.rows[position - part.first]) of the file, "
            }
        }
        return .wrongField(
            file: file,
            field: feature,
            expected: "a finite number",
            found:
                "\(value.cellDescription) in column \(column)\(name), \(source)\(frame); leave the episode out with "
                + "--episodes or --skip-nan-episodes, or mend the recording"
        )
    }
}
