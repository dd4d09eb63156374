import Foundation

/// One episode as `meta/episodes` describes it.
struct EpisodeRecord {
    let episode: Episode
    /// Summaries by feature.
    let summaries: [String: ColumnSummary]
}

/// Writes `meta/episodes`.
struct EpisodesFile {
    let records: [EpisodeRecord]

    /// Cameras with videos.
    let cameras: [String]

    /// Cameras with images in Parquet.
    var imageColumns: [String] = []

    /// Location of the file.
    var location = FileLocation(chunk: 0, file: 0)

    /// Writes all records as one file below `folder`.
    func write(to folder: URL) throws(LeRobotError) {
        let url = folder.appending(path: DatasetInfo.filled(DatasetInfo.defaultEpisodesPath, location))
        try createParent(of: url)
        let columns = self.columns
        let file = try ParquetFileWriter(creating: url, fields: columns.map(\.field))
        try file.writeRowGroup(rows: records.count, columns.map(\.values))
        try file.finish()
    }

    private typealias Column = (field: ParquetFieldSpec, values: ParquetValues)

    private var columns: [Column] {
        let tasks: Column = (
            ParquetFieldSpec("tasks", .text, .freeList), .textLists(records.map(\.episode.tasks))
        )
        return [integers("episode_index") { $0.index }, tasks, integers("length") { $0.length }]
            + [
                integers("data/chunk_index") { $0.dataFile.chunk },
                integers("data/file_index") { $0.dataFile.file },
                integers("dataset_from_index") { $0.rows.lowerBound },
                integers("dataset_to_index") { $0.rows.upperBound },
            ]
            + cameras.flatMap { video($0) }
            + (records.first?.summaries.keys.sorted() ?? []).flatMap { statistics($0) }
            + [
                integers("meta/episodes/chunk_index") { _ in location.chunk },
                integers("meta/episodes/file_index") { _ in location.file },
            ]
    }

    private func integers(_ name: String, _ value: (Episode) -> Int) -> Column {
        (ParquetFieldSpec(name, .integer), .integers(records.map { value($0.episode) }))
    }

    private func doubles(_ name: String, _ value: (Episode) -> Double) -> Column {
        (ParquetFieldSpec(name, .double), .doubles(records.map { value($0.episode) }))
    }

    private func video(_ camera: String) -> [Column] {
        [
            integers("videos/\(camera)/chunk_index") { $0.videos[camera]?.location.chunk ?? 0 },
            integers("videos/\(camera)/file_index") { $0.videos[camera]?.location.file ?? 0 },
            // An episode that lacks the camera has no time.
            doubles("videos/\(camera)/from_timestamp") { $0.videos[camera]?.from ?? .nan },
            doubles("videos/\(camera)/to_timestamp") { $0.videos[camera]?.to ?? .nan },
        ]
    }

    private func statistics(_ feature: String) -> [Column] {
        let summaries = records.compactMap { $0.summaries[feature] }
        let dimension = summaries.first?.mean.count ?? 1
        // Colours have the shape [3, 1, 1], so that they can be broadcast over images.
        let isColor = cameras.contains(feature) || imageColumns.contains(feature)
        let shape = isColor ? [dimension, 1, 1] : [dimension]
        var columns: [Column] = ColumnSummary.parts.map { part in
            (
                ParquetFieldSpec("stats/\(feature)/\(part.key)", .double, .lists(shape)),
                .doubles(summaries.flatMap(part.values))
            )
        }
        columns.append(
            (
                ParquetFieldSpec("stats/\(feature)/count", .integer, .lists([1])),
                .integers(summaries.map(\.count))
            )
        )
        return columns
    }
}

extension ColumnSummary {
    /// The summary's lists under the names that LeRobot gives them.
    static var parts: [(key: String, values: (ColumnSummary) -> [Double])] {
        var parts: [(key: String, values: (ColumnSummary) -> [Double])] = [
            ("min", { $0.min }), ("max", { $0.max }), ("mean", { $0.mean }), ("std", { $0.std }),
        ]
        for (index, level) in levels.enumerated() { parts.append((level.key, { $0.quantiles[index] })) }
        return parts
    }
}
