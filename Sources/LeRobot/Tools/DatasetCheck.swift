public import Foundation

/// Something that ``DatasetCheck`` found wrong.
public struct DatasetFinding: Encodable, Equatable, Sendable, CustomStringConvertible {
    /// Seriousness of a finding.
    public enum Severity: String, Encodable, Sendable {
        /// Data that cannot be used, or is wrong.
        case error
        /// Something odd that reading passes over.
        case warning
    }

    /// Seriousness.
    public let severity: Severity

    /// Path of the file or folder at fault.
    public let file: String

    /// Field, column or camera at fault; nil for the file as a whole.
    public let field: String?

    /// The finding in words; what was expected and found.
    public let text: String

    /// The finding in a sentence.
    public var description: String {
        "\(severity.rawValue): \(file): \(field.map { "'\($0)': " } ?? "")\(text)"
    }
}

/// Examines a whole dataset: every row, the metadata's totals and statistics, and the frames of every video.
///
/// Rows are read file by file, so that memory does not grow with the dataset.
public struct DatasetCheck {
    /// Findings so far, in order; of equal kinds in one file the first, with the number of the others.
    public private(set) var findings: [DatasetFinding] = []

    /// True if nothing is wrong.
    public var isClean: Bool { findings.isEmpty }

    private let dataset: LeRobotDataset
    private let progress: (Int, Int) -> Void
    private var statistics: [String: RunningSummary] = [:]
    private var absentColumns: Set<String> = []

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
        do throws(LeRobotError) {
            var check = DatasetCheck(try LeRobotDataset(opening: folder), progress: progress)
            check.run()
            return check.findings
        } catch {
            return [DatasetFinding(severity: .error, error, folder: folder.path)]
        }
    }

    private init(_ dataset: LeRobotDataset, progress: @escaping (Int, Int) -> Void) {
        self.dataset = dataset
        self.progress = progress
    }

    private mutating func run() {
        for error in dataset.damagedFiles { add(error) }
        do throws(LeRobotError) { try dataset.checkColumns() } catch { add(error) }
        checkRows()
        checkStatistics()
        checkVideos()
        let damaged = Set(findings.map(\.file))
        // A damaged file is both an error and a warning of the reader's.
        let warnings = dataset.warnings.filter { !($0.field == nil && damaged.contains($0.file)) }
        findings += warnings.map {
            DatasetFinding(severity: .warning, file: $0.file, field: $0.field, text: $0.text)
        }
    }

    private mutating func add(_ error: LeRobotError) {
        let finding = DatasetFinding(severity: .error, error, folder: dataset.folder.path)
        if !findings.contains(finding) { findings.append(finding) }
    }

    private mutating func add(
        _ file: String,
        _ field: String,
        _ text: String,
        severity: DatasetFinding.Severity = .error
    ) {
        let finding = DatasetFinding(severity: severity, file: file, field: field, text: text)
        if !findings.contains(finding) { findings.append(finding) }
    }

    // MARK: - Rows

    private mutating func checkRows() {
        for (file, numbers) in dataset.rowSource.episodesOfFile.enumerated() where !numbers.isEmpty {
            let episodes = numbers.map { dataset.episodes[$0] }
            do throws(LeRobotError) {
                try dataset.rowSource.forEachFile(of: episodes) { (reader, parts) throws(LeRobotError) in
                    guard parts.first?.file == file else { return }
                    try checkBookkeeping(reader, parts)
                    try checkNumbers(reader, parts)
                }
            } catch { add(error) }
            progress(episodes.last.map { $0.index + 1 } ?? 0, dataset.episodes.count)
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
                "expected a column of this name, found none (other files are not named)",
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

    // MARK: - Statistics

    private mutating func checkStatistics() {
        let file = dataset.folder.appending(path: "meta/stats.json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            if dataset.info.codebaseVersion != "v2.1" {
                add(file.path, "statistics", "expected this file, found none", severity: .warning)
            }
            return
        }
        let recorded: JSONValue
        do throws(LeRobotError) { recorded = try JSONValue.reading(file) } catch { return add(error) }
        for (name, summary) in statistics.sorted(by: { $0.key < $1.key }) {
            guard let entry = recorded[name] else {
                add(file.path, name, "expected statistics of this feature, found none", severity: .warning)
                continue
            }
            for (key, expected) in summary.parts {
                guard let found = entry[key].map(\.flatNumbers) else { continue }
                guard found.count == expected.count else {
                    add(
                        file.path,
                        "\(name).\(key)",
                        "expected \(expected.count) numbers, found \(found.count)",
                        severity: .warning
                    )
                    break
                }
                guard
                    let index = found.indices.first(where: {
                        abs(found[$0] - expected[$0]) > 1e-3
                            * max(summary.spread[$0], abs(expected[$0]), 1e-3)
                    })
                else { continue }
                add(
                    file.path,
                    "\(name).\(key)",
                    "column \(index): expected \(Float(expected[index])) by the rows, found \(Float(found[index]))",
                    severity: .warning
                )
                break
            }
        }
    }

    // MARK: - Videos

    private mutating func checkVideos() {
        for camera in dataset.cameras + dataset.depthCameras {
            guard dataset.info.features[camera]?.dtype == "video" else { continue }
            var failed: Set<String> = []
            var absent: [(episode: Int, error: LeRobotError)] = []
            for episode in dataset.episodes where episode.videos[camera] != nil {
                let file: URL
                do throws(LeRobotError) {
                    file = try dataset.videoSource.file(camera: camera, episode: episode)
                } catch {
                    absent.append((episode.number, error))
                    continue
                }
                guard !failed.contains(file.path) else { continue }
                do throws(LeRobotError) {
                    guard try !checkFrames(of: episode, camera, file) else { continue }
                } catch { add(error) }
                failed.insert(file.path)
            }
            guard let first = absent.first else { continue }
            let finding = DatasetFinding(severity: .error, first.error, folder: dataset.folder.path)
            add(
                finding.file,
                camera,
                "the files of \(absent.count) of \(dataset.episodes.count) episodes are absent, the first is episode "
                    + "\(first.episode)"
            )
        }
    }

    /// Returns true if every row of an episode has a frame.
    private mutating func checkFrames(of episode: Episode, _ camera: String, _ file: URL) throws(LeRobotError)
        -> Bool
    {
        let index = try dataset.videoSource.index(of: file)
        if !index.isOrdered {
            add(
                file.path,
                camera,
                "expected a presentation time in every packet, found none or equal ones; frames are counted",
                severity: .warning
            )
        }
        let missing = dataset.videoSource.alignment(
            camera: camera,
            episode: episode,
            index: index,
            times: try dataset.rowSource.times(of: episode)
        ).positions.enumerated().filter { $0.element == nil }
        guard let first = missing.first else { return true }
        add(
            file.path,
            camera,
            "episode \(episode.number): expected a frame for each of \(episode.length) rows, found none for "
                + "\(missing.count), the first is row \(first.offset); the file has \(index.count) frames, from "
                + "\(Float(index.times.first ?? 0)) s to \(Float(index.times.last ?? 0)) s"
        )
        return false
    }
}

extension DatasetFinding {
    /// The finding that an error is.
    init(severity: Severity, _ error: LeRobotError, folder: String) {
        self.severity = severity
        switch error {
        case .wrongField(let path, let name, let expected, let found):
            (file, field, text) = (path, name, "expected \(expected), found \(found)")
        case .missingFile(let path, let needed):
            (file, field, text) = (path, nil, "no such file, but \(needed)")
        case .unreadable(let path, let reason): (file, field, text) = (path, nil, "cannot be read: \(reason)")
        case .video(let path, let at, let reason): (file, field, text) = (path, at, reason)
        default: (file, field, text) = (folder, nil, error.description)
        }
    }
}

/// Mean, deviation and extremes of a feature's rows, without keeping them.
private struct RunningSummary {
    private var count = 0.0
    private var mean: [Double]
    private var squares: [Double]
    private var least: [Double]
    private var most: [Double]

    init(dimension: Int) {
        mean = Array(repeating: 0, count: dimension)
        squares = mean
        least = Array(repeating: .infinity, count: dimension)
        most = Array(repeating: -.infinity, count: dimension)
    }

    mutating func add(_ row: ArraySlice<Float>) {
        guard row.count == mean.count else { return }
        count += 1
        for (index, cell) in row.enumerated() {
            let value = Double(cell)
            let difference = value - mean[index]
            mean[index] += difference / count
            squares[index] += difference * (value - mean[index])
            least[index] = min(least[index], value)
            most[index] = max(most[index], value)
        }
    }

    /// Distance between the extremes of every column.
    var spread: [Double] { zip(most, least).map { $0 - $1 } }

    /// Statistics under LeRobot's names.
    var parts: [(key: String, values: [Double])] {
        [
            ("min", least), ("max", most), ("mean", mean),
            ("std", squares.map { ($0 / max(count, 1)).squareRoot() }),
        ]
    }
}

extension JSONValue {
    /// All numbers of nested lists, in order.
    fileprivate var flatNumbers: [Double] {
        if let elements { return elements.flatMap(\.flatNumbers) }
        return (bool.map { $0 ? 1 : 0 } ?? number).map { [$0] } ?? []
    }
}
