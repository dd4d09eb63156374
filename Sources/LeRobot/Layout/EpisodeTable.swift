import Foundation

/// Reads `meta/episodes` of LeRobot v3.0.
struct EpisodeTable {
    let folder: URL
    let info: DatasetInfo
    let cameras: [String]
    let log: WarningLog

    /// All episodes in order.
    func list() throws(LeRobotError) -> EpisodeList {
        let root = folder.appending(path: "meta/episodes")
        let catalog = FileCatalog(
            folder: folder,
            template: DatasetInfo.defaultEpisodesPath,
            root: "meta/episodes",
            endings: ["parquet"]
        )
        let paths = catalog.paths.filter { $0.hasPrefix("meta/episodes/") }.sorted()
        guard !paths.isEmpty else {
            guard info.totalEpisodes == 0 else {
                throw .missingFile(
                    root.appending(path: "chunk-000/file-000.parquet").path,
                    needed:
                        "it lists the episodes; fetch the folder meta/episodes, or record the dataset to its end"
                )
            }
            return EpisodeList([], source: root.path, log: log)
        }
        var found: [ListedEpisode] = []
        for path in paths { found += try episodes(in: folder.appending(path: path)) }
        return EpisodeList(found, source: root.path, log: log)
    }

    private func episodes(in file: URL) throws(LeRobotError) -> [ListedEpisode] {
        let table = try ParquetReader(opening: file)
        guard table.rowCount > 0 else { return [] }
        let numbers = try table.integers("episode_index")
        let lengths = try table.optionalIntegers("length")
        let chunks = try table.optionalIntegers("data/chunk_index")
        let files = try table.optionalIntegers("data/file_index")
        let starts = try table.optionalIntegers("dataset_from_index")
        let ends = try table.optionalIntegers("dataset_to_index")
        let tasks = try tasks(in: table)
        let segments = try cameras.map { (camera) throws(LeRobotError) in
            (camera: camera, segments: try self.segments(of: camera, in: table))
        }
        return numbers.indices.map { row in
            var videos: [String: Episode.VideoSegment] = [:]
            for (camera, segments) in segments { videos[camera] = segments?[row] }
            let bounds = starts[row].flatMap { start in ends[row].map { (from: start, to: $0) } }
            return ListedEpisode(
                number: numbers[row],
                tasks: tasks[row],
                length: lengths[row]
                    ?? bounds.map { $0.to.subtractingReportingOverflow($0.from).partialValue },
                dataFile: FileLocation(chunk: chunks[row] ?? 0, file: files[row] ?? 0),
                bounds: bounds,
                videos: videos
            )
        }
    }

    /// Instructions of every episode; equal ones share memory.
    private func tasks(in table: ParquetReader) throws(LeRobotError) -> [[String]] {
        guard table.has("tasks") else { return Array(repeating: [], count: table.rowCount) }
        var known: [[String]: [String]] = [:]
        do throws(LeRobotError) {
            return try table.column("tasks").textLists().map { texts in
                if let same = known[texts] { return same }
                known[texts] = texts
                return texts
            }
        } catch {
            log.add(table.path, "tasks", "instructions are taken from the rows' task_index alone: \(error)")
            return Array(repeating: [], count: table.rowCount)
        }
    }

    /// A camera's segment in every episode, nil for an episode that lacks it; nil if the table has no columns of it.
    private func segments(of camera: String, in table: ParquetReader) throws(LeRobotError)
        -> [Episode.VideoSegment?]?
    {
        let prefix = "videos/\(camera)/"
        guard table.has(prefix + "file_index") else { return nil }
        let chunks = try table.optionalIntegers(prefix + "chunk_index")
        let files = try table.optionalIntegers(prefix + "file_index")
        var starts: [Double]
        var ends: [Double]
        if table.has(prefix + "from_timestamp") {
            starts = try table.column(prefix + "from_timestamp").doubles()
            ends =
                table.has(prefix + "to_timestamp")
                ? try table.column(prefix + "to_timestamp").doubles() : starts
        } else {
            // The episodes of a file follow each other.
            let lengths = try table.optionalIntegers("length")
            var next: [FileLocation: Double] = [:]
            starts = []
            ends = []
            for (row, file) in files.enumerated() {
                let location = FileLocation(chunk: chunks[row] ?? 0, file: file ?? 0)
                starts.append(next[location, default: 0])
                ends.append(starts[row] + Double(lengths[row] ?? 0) / info.fps)
                next[location] = ends[row]
            }
        }
        return files.indices.map { row in
            guard let file = files[row], starts[row].isFinite else { return nil }
            return Episode.VideoSegment(
                location: FileLocation(chunk: chunks[row] ?? 0, file: file),
                from: starts[row],
                to: ends[row]
            )
        }
    }
}
