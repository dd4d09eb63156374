import Foundation

/// The Parquet files with the rows of a dataset, one row group an episode.
final class DataFiles {
    private let folder: URL
    private let fields: [ParquetFieldSpec]
    private let maximumSize: Int
    private var location = FileLocation(chunk: 0, file: 0)
    private var file: ParquetFileWriter?

    /// Columns that every dataset has besides those of the robot.
    static let bookkeeping =
        [ParquetFieldSpec("timestamp", .float)]
        + ["frame_index", "episode_index", "index", "task_index"].map { ParquetFieldSpec($0, .integer) }

    /// Creates files with some columns, and those of ``bookkeeping``, below `folder`.
    init(folder: URL, fields: [ParquetFieldSpec], maximumSizeInMB: Int) {
        self.folder = folder
        self.fields = fields + Self.bookkeeping
        maximumSize = maximumSizeInMB * 1_000_000
    }

    /// Creates files of a description's numeric features below `folder`.
    convenience init(folder: URL, description: DatasetDescription) {
        // A feature with one column is stored as a plain number.
        let fields = description.numericFeatures.map { name, columns in
            ParquetFieldSpec(name, .float, columns.count == 1 ? .scalar : .fixedList(columns.count))
        }
        self.init(folder: folder, fields: fields, maximumSizeInMB: description.dataFilesSizeInMB)
    }

    /// Writes an episode.
    ///
    /// - Parameters:
    ///   - values: Values of the columns, in order.
    ///   - timestamps: Seconds since the start, `[length]`.
    ///   - episode: Index of the episode.
    ///   - tasks: Index of the instruction of every row, `[length]`.
    ///   - firstRow: Number of frames before.
    /// - Returns: The file that has the rows.
    /// - Throws: ``LeRobotError/unwritable(file:reason:)``.
    func append(
        _ values: [ParquetValues],
        timestamps: [Float],
        episode: Int,
        tasks: [Int],
        firstRow: Int
    ) throws(LeRobotError) -> FileLocation {
        let file = try currentFile()
        let rows = timestamps.count
        let bookkeeping: [ParquetValues] = [
            .floats(timestamps), .integers(Array(0 ..< rows)),
            .integers(Array(repeating: episode, count: rows)), .integers(Array(firstRow ..< firstRow + rows)),
            .integers(tasks),
        ]
        try file.writeRowGroup(rows: rows, values + bookkeeping)
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
}

extension Episode {
    /// Values of the columns that every dataset has, `[length]` each, for statistics.
    ///
    /// - Parameters:
    ///   - timestamps: Seconds since the start, `[length]`.
    ///   - tasks: Index of the instruction of every row, `[length]`.
    /// - Returns: Values by column.
    func bookkeeping(timestamps: [Float], tasks: [Int]) -> [String: [Float]] {
        [
            "timestamp": timestamps,
            "frame_index": (0 ..< length).map(Float.init),
            "episode_index": Array(repeating: Float(index), count: length),
            "index": rows.map(Float.init),
            "task_index": tasks.map(Float.init),
        ]
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
