import Foundation

extension LeRobotDataset {
    /// Reads all numbers of the dataset into memory; pictures stay where they are.
    ///
    /// - Throws: ``LeRobotError`` when a file is damaged or disagrees with the metadata, or an action or a state is not
    ///   finite.
    public func loadTable() throws(LeRobotError) -> FrameTable {
        var reading = TableReading(dataset: self)
        var next = episodes[...]
        while let first = next.first {
            let inFile = next.prefix { $0.dataFile == first.dataFile }
            next = next.dropFirst(inFile.count)
            try reading.append(
                first.dataFile,
                rows: first.rows.lowerBound ..< (inFile.last ?? first).rows.upperBound
            )
        }
        return reading.table
    }
}

/// Columns while the files of a dataset are read one after the other.
private struct TableReading {
    let dataset: LeRobotDataset
    let features: [(key: String, value: Feature)]
    var values: [String: [Float]] = [:]
    var frameIndex: [Int] = []
    var episodeIndex: [Int] = []
    var taskIndex: [Int] = []
    var index: [Int] = []

    /// What a model is trained on; one number that is none would make all weights so.
    private static let finite: Set = ["action", DatasetInfo.state, DatasetInfo.environmentState]

    init(dataset: LeRobotDataset) {
        self.dataset = dataset
        features = dataset.info.features
            .filter { $0.value.isNumeric && DatasetInfo.bookkeeping[$0.key] == nil }
            .sorted { $0.key < $1.key }
    }

    var table: FrameTable {
        var columns: [String: FrameTable.Column] = [:]
        for (name, feature) in features {
            columns[name] = FrameTable.Column(
                name: name,
                dimension: feature.dimension,
                values: values[name] ?? []
            )
        }
        return FrameTable(
            count: index.count,
            columns: columns,
            frameIndex: frameIndex,
            episodeIndex: episodeIndex,
            taskIndex: taskIndex,
            index: index
        )
    }

    mutating func append(_ location: FileLocation, rows: Range<Int>) throws(LeRobotError) {
        let file = dataset.folder.appending(path: dataset.info.dataPath(of: location))
        let reader = try ParquetReader(opening: file)
        for (name, feature) in features {
            let numbers = try reader.column(name).floats(width: feature.dimension)
            if Self.finite.contains(name), let place = numbers.firstIndex(where: { !$0.isFinite }) {
                let frame = rows.lowerBound + place / feature.dimension
                throw .wrongField(
                    file: file.path,
                    field: name,
                    expected: "finite numbers",
                    found: "\(numbers[place]) in frame \(frame)"
                )
            }
            values[name, default: []] += numbers
        }
        frameIndex += try reader.integers("frame_index")
        index += try reader.integers("index")
        episodeIndex += try reader.integers("episode_index")
        taskIndex += try reader.integers("task_index")
        try check(rows, in: file)
    }

    private func check(_ rows: Range<Int>, in file: URL) throws(LeRobotError) {
        guard index.count == rows.upperBound else {
            throw wrong(
                "number of rows",
                rows.lowerBound,
                "\(rows.count)",
                index.count - rows.lowerBound,
                file
            )
        }
        for row in rows {
            guard index[row] == row else { throw wrong("index", row, "\(row)", index[row], file) }
            guard dataset.tasks.indices.contains(taskIndex[row]) else {
                throw wrong("task_index", row, "one of \(dataset.tasks.count) tasks", taskIndex[row], file)
            }
            let number = episodeIndex[row]
            guard dataset.episodes.indices.contains(number), dataset.episodes[number].rows.contains(row)
            else {
                throw wrong("episode_index", row, "the episode of meta/episodes", number, file)
            }
            let position = row - dataset.episodes[number].rows.lowerBound
            guard frameIndex[row] == position else {
                throw wrong("frame_index", row, "\(position)", frameIndex[row], file)
            }
        }
    }

    private func wrong(_ field: String, _ row: Int, _ expected: String, _ found: Int, _ file: URL)
        -> LeRobotError
    {
        .wrongField(file: file.path, field: field, expected: "\(expected) in frame \(row)", found: "\(found)")
    }
}
