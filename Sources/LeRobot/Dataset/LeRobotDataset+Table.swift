import Foundation

extension LeRobotDataset {
    /// Reads numbers of all episodes into memory; images stay where they are.
    ///
    /// Cells that are null or no numbers, and rows whose files are absent, fail where they are used:
    /// ``FrameTable/check(_:episodes:)``.
    ///
    /// - Parameters:
    ///   - wanted: Names of numeric features; nil for all. Those that the dataset lacks are passed over.
    ///   - passesOverDamage: True to let files that are damaged, and columns that are no numbers, fail where they are used, too.
    /// - Returns: The numbers of all frames.
    /// - Throws: ``LeRobotError`` when a file is damaged or a column is no numbers.
    public func loadTable(
        features wanted: [String]? = nil,
        passingOverDamage passesOverDamage: Bool = false
    ) throws(LeRobotError) -> FrameTable {
        var reading = TableReading(
            dataset: self,
            features: numericFeatures().filter { wanted?.contains($0.name) ?? true },
            frames: 0 ..< frameCount
        )
        for episodes in passesOverDamage ? episodesByFiles : [Array(episodes.indices)] {
            do throws(LeRobotError) {
                try rowSource.forEachFile(of: episodes.map { self.episodes[$0] }) {
                    (reader, parts) throws(LeRobotError) in try reading.read(reader, parts)
                }
            } catch {
                guard passesOverDamage else { throw error }
                for episode in episodes { reading.failures[episode] = error }
                log.add(
                    folder.path,
                    "data",
                    "rows of a file fail where they are used: \(error)",
                    once: "\(error)"
                )
            }
        }
        return reading.table
    }

    /// Reads the numbers of one episode.
    ///
    /// - Parameter episode: Position of the episode, `0 ..< episodes.count`.
    /// - Returns: Numeric features without bookkeeping, by name; the first row is the episode's first.
    /// - Throws: ``LeRobotError`` when there is no such episode, a file is damaged or a column is no numbers.
    public func numbers(ofEpisode episode: Int) throws(LeRobotError) -> [String: FrameTable.Column] {
        guard episodes.indices.contains(episode) else {
            throw .outOfRange(what: "episode", index: episode, count: episodes.count)
        }
        var reading = TableReading(
            dataset: self,
            features: numericFeatures(),
            frames: episodes[episode].rows
        )
        try rowSource.forEachFile(of: [episodes[episode]]) { (reader, parts) throws(LeRobotError) in
            try reading.read(reader, parts)
        }
        return reading.table.columns
    }

    /// Indices of all episodes, those together that share files.
    private var episodesByFiles: [[Int]] {
        var groups: [Set<Int>] = []
        var groupOfFile: [Int: Int] = [:]
        for episode in episodes {
            let files = Set(episode.pieces.map(\.file))
            let known = Set(files.compactMap { groupOfFile[$0] }).sorted()
            let group = known.first ?? groups.count
            if known.isEmpty { groups.append([]) }
            groups[group].insert(episode.index)
            for other in known.dropFirst() {
                groups[group].formUnion(groups[other])
                groups[other] = []
                for (file, owner) in groupOfFile where owner == other { groupOfFile[file] = group }
            }
            for file in files { groupOfFile[file] = group }
        }
        return groups.filter { !$0.isEmpty }.map { $0.sorted() }
    }

    /// Numeric features without bookkeeping, sorted by name.
    func numericFeatures() -> [(name: String, feature: Feature)] {
        info.features
            .filter { $0.value.isNumeric && !$0.value.isImage && DatasetInfo.bookkeeping[$0.key] == nil }
            .sorted { $0.key < $1.key }
            .map { (name: $0.key, feature: $0.value) }
    }
}

extension LeRobotDataset {
    /// Values of `task_index` in a file; nil for rows without one, and where the column is no whole numbers.
    func taskNumbers(in reader: ParquetReader) -> [Int?] {
        do throws(LeRobotError) { return try reader.optionalIntegers("task_index") } catch {
            log.add(
                reader.path,
                "task_index",
                "no numbers of tasks can be read; the episodes' own instructions are taken: \(error)",
                once: "unreadable task_index"
            )
            return Array(repeating: nil, count: reader.rowCount)
        }
    }
}

/// Columns while the files of a dataset are read one after the other.
private struct TableReading {
    let dataset: LeRobotDataset
    let features: [(name: String, feature: Feature)]
    /// Frames of the dataset that are read.
    let frames: Range<Int>
    var columns: [String: (dimension: Int, values: [Float])] = [:]
    var taskIndex: [Int]
    var hasRead = false
    /// Reasons why rows of episodes are absent.
    var failures: [Int: LeRobotError] = [:]

    init(dataset: LeRobotDataset, features: [(name: String, feature: Feature)], frames: Range<Int>) {
        self.dataset = dataset
        self.features = features
        self.frames = frames
        taskIndex = Array(repeating: -1, count: frames.count)
    }

    var table: FrameTable {
        var found: [String: FrameTable.Column] = [:]
        for (name, column) in columns {
            found[name] = FrameTable.Column(name: name, dimension: column.dimension, values: column.values)
        }
        // Without any file that can be read, every number is absent.
        for (name, feature) in hasRead && failures.isEmpty ? [] : features where found[name] == nil {
            let values = [Float](repeating: .absentCell, count: frames.count * feature.dimension)
            found[name] = FrameTable.Column(name: name, dimension: feature.dimension, values: values)
        }
        return FrameTable(
            count: frames.count,
            columns: found,
            taskIndex: taskIndex,
            source: dataset,
            failures: failures
        )
    }

    mutating func read(_ reader: ParquetReader, _ parts: [RowSource.Part]) throws(LeRobotError) {
        hasRead = true
        for (name, feature) in features { try read(name, feature, reader, parts) }
        let numbers = dataset.taskNumbers(in: reader)
        for part in parts {
            let first = part.episode.rows.lowerBound + part.first - frames.lowerBound
            for (offset, row) in part.rows.enumerated() {
                taskIndex[first + offset] = task(numbers[row], of: part.episode, in: reader)
            }
        }
    }

    private mutating func read(
        _ name: String,
        _ feature: Feature,
        _ reader: ParquetReader,
        _ parts: [RowSource.Part]
    ) throws(LeRobotError) {
        guard reader.has(name) else {
            dataset.log.add(
                reader.path,
                name,
                "meta/info.json describes it, the file has no such column",
                once: "no column \(name)"
            )
            return
        }
        let source = try reader.column(name)
        if columns[name] == nil {
            let dimension = source.width(preferring: feature.dimension) ?? feature.dimension
            if dimension != feature.dimension {
                dataset.log.add(
                    dataset.folder.appending(path: "meta/info.json").path,
                    "features.\(name).shape",
                    "\(feature.shape) is \(feature.dimension) numbers a row, the rows have \(dimension), which are taken"
                )
            }
            columns[name] = (
                dimension, Array(repeating: .absentCell, count: frames.count * dimension)
            )
        }
        guard var column = columns.removeValue(forKey: name) else { return }
        let dimension = column.dimension
        let numbers = try source.floatsOfUnevenRows(width: dimension)
        column.values.withUnsafeMutableBufferPointer { target in
            numbers.withUnsafeBufferPointer { source in
                for part in parts {
                    let first = part.episode.rows.lowerBound + part.first - frames.lowerBound
                    for (offset, row) in part.rows.enumerated() {
                        for index in 0 ..< dimension {
                            target[(first + offset) * dimension + index] = source[row * dimension + index]
                        }
                    }
                }
            }
        }
        columns[name] = column
    }

    /// Position of a row's instruction among the dataset's: by the row's number, else by the episode's text.
    private func task(_ number: Int?, of episode: Episode, in reader: ParquetReader) -> Int {
        if let number, let position = dataset.taskList.position(ofNumber: number) { return position }
        let text = episode.tasks.first
        dataset.log.add(
            reader.path,
            "task_index",
            "\(number.map { "\($0) is no task of the dataset" } ?? "there is none"); the episode's own instruction is "
                + "taken: \(text.map { "'\($0)'" } ?? "none")",
            once: "task_index"
        )
        return text.flatMap(dataset.taskList.position(ofText:)) ?? -1
    }
}
