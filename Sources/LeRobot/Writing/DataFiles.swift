import Foundation

/// The Parquet files with the numbers of a dataset, one row group an episode.
final class DataFiles {
    private let folder: URL
    private let features: [(name: String, columns: [String])]
    private let maximumSize: Int
    private var location = FileLocation(chunk: 0, file: 0)
    private var file: ParquetFileWriter?

    /// Creates files below `folder`.
    init(folder: URL, description: DatasetDescription) {
        self.folder = folder
        features = description.numericFeatures
        maximumSize = description.dataFilesSizeInMB * 1_000_000
    }

    /// Writes an episode, before which there are `firstRow` frames, and returns its file.
    func append(
        _ columns: EpisodeColumns,
        episode: Int,
        task: Int,
        firstRow: Int
    ) throws(LeRobotError) -> FileLocation {
        let file = try currentFile()
        let rows = columns.length
        var values = features.map { ParquetValues.floats(columns.features[$0.name] ?? []) }
        values += [
            .floats(columns.timestamps), .integers(Array(0 ..< rows)),
            .integers(Array(repeating: episode, count: rows)), .integers(Array(firstRow ..< firstRow + rows)),
            .integers(Array(repeating: task, count: rows)),
        ]
        try file.writeRowGroup(rows: rows, values)
        return location
    }

    /// Closes the file being written.
    func finish() throws(LeRobotError) {
        try file?.finish()
        file = nil
    }

    private func currentFile() throws(LeRobotError) -> ParquetFileWriter {
        if let file, file.byteCount < maximumSize { return file }
        if file != nil {
            try finish()
            location = location.next(chunksSize: DatasetInfo.usualChunksSize)
        }
        let url = folder.appending(path: DatasetInfo.filled(DatasetInfo.defaultDataPath, location))
        try createParent(of: url)
        let created = try ParquetFileWriter(creating: url, fields: fields)
        file = created
        return created
    }

    private var fields: [ParquetFieldSpec] {
        // A feature with one column is stored as a plain number.
        var fields = features.map { name, columns in
            ParquetFieldSpec(name, .float, columns.count == 1 ? .scalar : .fixedList(columns.count))
        }
        fields.append(ParquetFieldSpec("timestamp", .float))
        for name in ["frame_index", "episode_index", "index", "task_index"] {
            fields.append(ParquetFieldSpec(name, .integer))
        }
        return fields
    }
}

/// The numbers of one episode.
struct EpisodeColumns {
    /// Number of frames.
    let length: Int
    /// `[length, columns]` of every feature that the dataset has.
    let features: [String: [Float]]
    /// Seconds since the start, `[length]`.
    let timestamps: [Float]
}
