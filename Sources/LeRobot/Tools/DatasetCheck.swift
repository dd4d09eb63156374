public import Foundation

/// Examines a whole dataset: every row, the metadata's totals and statistics, and the frames of every video.
///
/// Rows are read file by file, so that memory does not grow with the dataset.
public struct DatasetCheck {
    /// Findings so far, in order; of equal kinds in one file the first, with the number of the others.
    public private(set) var findings: [DatasetFinding] = []

    /// True if nothing is wrong.
    public var isClean: Bool { findings.isEmpty }

    let dataset: LeRobotDataset
    let share: (rank: Int, size: Int)
    private let progress: (Int, Int) -> Void
    var statistics: [String: RunningSummary] = [:]
    private var known: Set<DatasetFinding> = []
    private var absentColumns: Set<String> = []

    private static let absentColumn = "expected a column of this name, found none (other files are not named)"

    /// Examines the dataset in a folder.
    ///
    /// - Parameters:
    ///   - folder: The dataset's folder.
    ///   - progress: Called with the episodes that are done, and their number.
    /// - Returns: Everything found wrong; a dataset that cannot be opened has one finding.
    public static func findings(
        of folder: URL,
        progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) -> [DatasetFinding] {
        findings(of: folder, joining: [part(of: folder, rank: 0, of: 1, progress: progress)])
    }

    init(
        _ dataset: LeRobotDataset,
        share: (rank: Int, size: Int),
        progress: @escaping (Int, Int) -> Void
    ) {
        self.dataset = dataset
        self.share = share
        self.progress = progress
    }

    /// Examines this process's share of the files.
    mutating func examine() -> Part {
        var part = Part()
        checkRows()
        (part.rows, findings) = (findings, [])
        checkVideos()
        part.videos = findings
        part.images = faultyImages()
        part.statistics = statistics
        return part
    }

    /// Joins what processes found in their shares, and examines what the dataset has once.
    mutating func join(_ parts: [Part]) {
        for error in dataset.damagedFiles { add(error) }
        do throws(LeRobotError) { try dataset.checkColumns() } catch { add(error) }
        for finding in parts.flatMap(\.rows) {
            guard finding.text == Self.absentColumn, let name = finding.field else {
                add(finding)
                continue
            }
            if absentColumns.insert(name).inserted { add(finding) }
        }
        for part in parts {
            for (name, summary) in part.statistics {
                statistics[name]?.add(summary)
                statistics[name] = statistics[name] ?? summary
            }
        }
        checkStatistics()
        for finding in parts.flatMap(\.videos) { add(finding) }
        addFaultyImages(parts.map(\.images))
        let damaged = Set(findings.map(\.file))
        // A damaged file is both an error and a warning of the reader's.
        let warnings = dataset.warnings.filter { !($0.field == nil && damaged.contains($0.file)) }
        findings += warnings.map {
            DatasetFinding(severity: .warning, file: $0.file, field: $0.field, text: $0.text)
        }
    }

    mutating func add(_ finding: DatasetFinding) {
        if known.insert(finding).inserted { findings.append(finding) }
    }

    mutating func add(_ error: LeRobotError) {
        add(DatasetFinding(severity: .error, error, folder: dataset.folder.path))
    }

    mutating func add(
        _ file: String,
        _ field: String,
        _ text: String,
        severity: DatasetFinding.Severity = .error
    ) {
        add(DatasetFinding(severity: severity, file: file, field: field, text: text))
    }

    private mutating func checkRows() {
        let files = dataset.rowSource.episodesOfFile.enumerated().filter { !$0.element.isEmpty }
            .share(share.rank, of: share.size)
        for (position, (file, numbers)) in files.enumerated() {
            let episodes = numbers.map { dataset.episodes[$0] }
            do throws(LeRobotError) {
                try dataset.rowSource.forEachFile(of: episodes) { (reader, parts) throws(LeRobotError) in
                    guard parts.first?.file == file else { return }
                    try checkBookkeeping(reader, parts)
                    try checkNumbers(reader, parts)
                }
            } catch { add(error) }
            progress(dataset.episodes.count * (position + 1) / files.count, dataset.episodes.count)
        }
    }

    /// Names the first row whose number differs, with the number of the others.
    private mutating func compare(
        _ name: String,
        _ reader: ParquetReader,
        _ parts: [RowSource.Part],
        expected: (RowSource.Part, Int) -> Int?
    ) throws(LeRobotError) {
        guard has(name, reader) else { return }
        let numbers = try reader.optionalIntegers(name)
        var first: String?
        var count = 0
        for part in parts {
            for (offset, row) in part.rows.enumerated() {
                guard let wanted = expected(part, offset), numbers[row] != wanted else { continue }
                count += 1
                if first == nil {
                    first =
                        "row \(row) (frame \(part.first + offset) of episode \(part.episode.number)): expected \(wanted), "
                        + "found \(numbers[row].map(String.init) ?? "null")"
                }
            }
        }
        guard let first else { return }
        add(reader.path, name, first + (count > 1 ? "; \(count - 1) more rows differ" : ""))
    }

    /// Returns true if a file has a column; the first one that lacks it is named.
    private mutating func has(_ name: String, _ reader: ParquetReader) -> Bool {
        if reader.has(name) { return true }
        if absentColumns.insert(name).inserted {
            add(
                reader.path,
                name,
                Self.absentColumn,
                severity: .warning
            )
        }
        return false
    }

    private mutating func checkBookkeeping(_ reader: ParquetReader, _ parts: [RowSource.Part])
        throws(LeRobotError)
    {
        try compare("episode_index", reader, parts) { part, _ in part.episode.number }
        try compare("frame_index", reader, parts) { part, offset in part.first + offset }
        try compare("index", reader, parts) { part, offset in
            part.episode.rows.lowerBound + part.first + offset
        }
        if reader.has("task_index") {
            let numbers = try reader.optionalIntegers("task_index")
            for part in parts {
                guard
                    let row = part.rows.first(where: { row in
                        numbers[row].map { dataset.taskList.position(ofNumber: $0) == nil } ?? true
                    })
                else { continue }
                add(
                    reader.path,
                    "task_index",
                    "row \(row) of episode \(part.episode.number): expected a task of the dataset, found "
                        + "\(numbers[row].map(String.init) ?? "null")"
                )
                break
            }
        }
        try checkTimes(reader, parts)
    }

    private mutating func checkTimes(_ reader: ParquetReader, _ parts: [RowSource.Part]) throws(LeRobotError)
    {
        guard has("timestamp", reader) else { return }
        let times = try reader.column("timestamp").doubles()
        for part in parts {
            for (offset, row) in part.rows.enumerated() {
                let before = offset > 0 ? times[part.rows[offset - 1]] : -.infinity
                guard times[row].isFinite, times[row] > before else {
                    add(
                        reader.path,
                        "timestamp",
                        "row \(row) of episode \(part.episode.number): expected a time after \(before), found "
                            + "\(times[row].isNaN ? "null or NaN" : "\(times[row])")"
                    )
                    return
                }
            }
        }
    }

    private mutating func checkNumbers(_ reader: ParquetReader, _ parts: [RowSource.Part])
        throws(LeRobotError)
    {
        for (name, feature) in dataset.info.features.sorted(by: { $0.key < $1.key }) {
            guard feature.isNumeric, !feature.isImage, DatasetInfo.bookkeeping[name] == nil, reader.has(name)
            else { continue }
            let column = try reader.column(name)
            let dimension = column.width ?? feature.dimension
            if dimension != feature.dimension {
                add(
                    reader.path,
                    name,
                    "expected \(feature.dimension) numbers a row by meta/info.json, found \(dimension)"
                )
            }
            let values = try column.floats(width: dimension)
            var first: String?
            var count = 0
            for part in parts {
                for (offset, row) in part.rows.enumerated() {
                    let cells = values[row * dimension ..< (row + 1) * dimension]
                    guard let bad = cells.firstIndex(where: { !$0.isFinite }) else {
                        statistics[name, default: RunningSummary(dimension: dimension)].add(cells)
                        continue
                    }
                    count += 1
                    let title = feature.names.flatMap { names in
                        bad - row * dimension < names.count ? " (\(names[bad - row * dimension]))" : nil
                    }
                    first =
                        first
                        ?? "row \(row), column \(bad - row * dimension)\(title ?? "") (frame \(part.first + offset) of episode "
                        + "\(part.episode.number)): expected a finite number, found \(values[bad].cellDescription)"
                }
            }
            if let first { add(reader.path, name, first + (count > 1 ? "; \(count - 1) more rows" : "")) }
        }
    }
}
