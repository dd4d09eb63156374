import Foundation

/// Reads `meta/episodes`.
struct EpisodeIndex {
    let folder: URL
    let cameras: [String]

    /// All episodes in order, at least one; they follow one another without gap, and none is empty.
    func episodes() throws(LeRobotError) -> [Episode] {
        let files = try files()
        var found: [(episode: Episode, file: URL)] = []
        for file in files { found += try episodes(in: file).map { (episode: $0, file: file) } }
        guard !found.isEmpty else {
            throw .wrongField(
                file: files[0].path,
                field: "episode_index",
                expected: "at least one episode",
                found: "none"
            )
        }
        found.sort { $0.episode.index < $1.episode.index }
        var nextRow = 0
        for (position, (episode, file)) in found.enumerated() {
            try check(episode.index, position, "episode_index", at: position, in: file)
            try check(episode.rows.lowerBound, nextRow, "dataset_from_index", at: position, in: file)
            nextRow = episode.rows.upperBound
        }
        return found.map(\.episode)
    }

    private var root: URL { folder.appending(path: "meta/episodes") }

    private func files() throws(LeRobotError) -> [URL] {
        let manager = FileManager.default
        let chunks = ((try? manager.contentsOfDirectory(atPath: root.path)) ?? []).sorted()
        let files = chunks.flatMap { chunk in
            ((try? manager.contentsOfDirectory(atPath: root.appending(path: chunk).path)) ?? []).sorted()
                .filter { $0.hasSuffix(".parquet") }
                .map { root.appending(path: "\(chunk)/\($0)") }
        }
        guard !files.isEmpty else {
            throw .missingFile(
                root.appending(path: "chunk-000/file-000.parquet").path,
                needed: "it lists the episodes"
            )
        }
        return files
    }

    private func episodes(in file: URL) throws(LeRobotError) -> [Episode] {
        let table = try ParquetReader(opening: file)
        let indices = try table.integers("episode_index")
        let lengths = try table.integers("length")
        let tasks = try table.column("tasks").textLists()
        let chunks = try table.integers("data/chunk_index")
        let files = try table.integers("data/file_index")
        let starts = try table.integers("dataset_from_index")
        let ends = try table.integers("dataset_to_index")
        var segments: [String: [Episode.VideoSegment]] = [:]
        for camera in cameras { segments[camera] = try self.segments(of: camera, in: table) }
        var episodes: [Episode] = []
        for row in indices.indices {
            guard starts[row] >= 0, ends[row] > starts[row], ends[row] - starts[row] == lengths[row] else {
                throw .wrongField(
                    file: file.path,
                    field: "length",
                    expected: "dataset_to_index - dataset_from_index, at least 1",
                    found: "\(lengths[row]) for \(starts[row]) ..< \(ends[row]) in row \(row)"
                )
            }
            episodes.append(
                Episode(
                    index: indices[row],
                    tasks: tasks[row],
                    rows: starts[row] ..< ends[row],
                    dataFile: FileLocation(chunk: chunks[row], file: files[row]),
                    videos: segments.mapValues { $0[row] }
                )
            )
        }
        return episodes
    }

    private func segments(of camera: String, in table: ParquetReader) throws(LeRobotError) -> [Episode
        .VideoSegment]
    {
        let chunks = try table.integers("videos/\(camera)/chunk_index")
        let files = try table.integers("videos/\(camera)/file_index")
        let starts = try table.column("videos/\(camera)/from_timestamp").doubles()
        let ends = try table.column("videos/\(camera)/to_timestamp").doubles()
        return chunks.indices.map {
            Episode.VideoSegment(
                location: FileLocation(chunk: chunks[$0], file: files[$0]),
                from: starts[$0],
                to: ends[$0]
            )
        }
    }

    private func check(
        _ found: Int,
        _ expected: Int,
        _ field: String,
        at position: Int,
        in file: URL
    ) throws(LeRobotError) {
        guard found != expected else { return }
        throw .wrongField(
            file: file.path,
            field: field,
            expected: "\(expected) for episode \(position)",
            found: "\(found)"
        )
    }
}
