import Foundation
import Synchronization

/// Rows of episodes in the data files, in the order of their `frame_index`.
final class RowSource: Sendable {
    /// Paths of the data files within the folder; pieces of episodes count them.
    let paths: [String]

    private let folder: URL
    private let episodes: [Episode]
    private let fps: Double
    /// Indices of the episodes with rows in every file.
    let episodesOfFile: [[Int]]
    private let log: WarningLog
    private let times = Mutex<[Int: [Double]]>([:])

    /// Columns that give the order of an episode's rows, the preferred one first.
    private static let orderColumns = ["frame_index", "index"]

    /// Times of at most this many episodes are kept.
    private static let maximumEpisodesKept = 4096

    init(folder: URL, paths: [String], episodes: [Episode], fps: Double, log: WarningLog) {
        self.folder = folder
        self.paths = paths
        self.episodes = episodes
        self.fps = fps
        var episodesOfFile = [[Int]](repeating: [], count: paths.count)
        for episode in episodes {
            for piece in episode.pieces where episodesOfFile[piece.file].last != episode.index {
                episodesOfFile[piece.file].append(episode.index)
            }
        }
        self.episodesOfFile = episodesOfFile
        self.log = log
    }

    /// Path of a data file.
    func url(_ file: Int) -> URL { folder.appending(path: paths[file]) }

    /// Rows of an episode in one file.
    struct Part {
        let episode: Episode

        /// Index of the file.
        let file: Int

        /// Position in the episode of the first of the rows.
        let first: Int

        /// Rows of the file, in order of the episode's frames.
        let rows: [Int]
    }

    /// Orders the rows of episodes in a file.
    ///
    /// - Parameters:
    ///   - episodes: Episodes with at least one piece in the file.
    ///   - reader: The file.
    ///   - file: Its index.
    /// - Returns: Rows of the file, one list an episode.
    /// - Throws: ``LeRobotError/wrongField(file:field:expected:found:)`` where the rows are not those of the episodes.
    private func rows(
        of episodes: [Episode],
        in reader: ParquetReader,
        file: Int
    ) throws(LeRobotError) -> [[Int]] {
        var keys: [(column: String, keys: [Int?])] = []
        for column in Self.orderColumns where reader.has(column) {
            keys.append((column, try reader.optionalIntegers(column)))
        }
        let numbers = try reader.optionalIntegers("episode_index")
        return try episodes.map { (episode) throws(LeRobotError) in
            var rows: [Int] = []
            rows.reserveCapacity(episode.length)
            for piece in episode.pieces where piece.file == file { rows += piece.rows }
            try check(rows, of: episode, numbers, in: reader)
            for (column, keys) in keys {
                if let rows = try sorted(rows, by: keys, column: column, of: episode, in: reader) {
                    return rows
                }
            }
            return rows
        }
    }

    /// Compares rows with what the metadata promised; only files that were not looked into at opening can fail.
    private func check(
        _ rows: [Int],
        of episode: Episode,
        _ numbers: [Int?],
        in reader: ParquetReader
    ) throws(LeRobotError) {
        guard let last = rows.max(), last < reader.rowCount else {
            throw .wrongField(
                file: reader.path,
                field: "number of rows",
                expected: "the \(episode.length) rows that the metadata give episode \(episode.number)",
                found: "\(reader.rowCount)"
            )
        }
        guard episode.pieces.count == 1, rows.count < reader.rowCount,
            let other = rows.first(where: { numbers[$0] != nil && numbers[$0] != episode.number })
        else { return }
        throw .wrongField(
            file: reader.path,
            field: "episode_index",
            expected: "\(episode.number) in row \(other)",
            found: "\(numbers[other] ?? -1)"
        )
    }

    /// Rows in the order of a column; nil where a number is absent, or all are the same, which is said.
    ///
    /// - Throws: ``LeRobotError/wrongField(file:field:expected:found:)`` where some are the same: rows of other episodes are
    ///   among them.
    private func sorted(
        _ rows: [Int],
        by keys: [Int?],
        column: String,
        of episode: Episode,
        in reader: ParquetReader
    ) throws(LeRobotError) -> [Int]? {
        let isSorted = zip(rows, rows.dropFirst()).allSatisfy { row, next in
            keys[row].flatMap { key in keys[next].map { key < $0 } } ?? false
        }
        if isSorted { return rows }
        let order = rows.sorted { (keys[$0] ?? 0, $0) < (keys[$1] ?? 0, $1) }
        let null = rows.first { keys[$0] == nil }
        let isConstant = rows.allSatisfy { keys[$0] == keys[rows[0]] }
        if null == nil, !isConstant,
            let twice = zip(order, order.dropFirst()).first(where: { keys[$0] == keys[$1] })
        {
            throw .wrongField(
                file: reader.path,
                field: column,
                expected: "different numbers within episode \(episode.number)",
                found: "\(keys[twice.0] ?? 0) in rows \(twice.0) and \(twice.1); "
                    + "'faster data repair' leaves the episode out"
            )
        }
        guard null == nil, !isConstant else {
            let what = null.map { "null in row \($0)" } ?? "the same number in all rows"
            log.add(
                reader.path,
                column,
                "\(what) of episode \(episode.number): rows are taken in the order of "
                    + "\(column == Self.orderColumns[0] ? "index, or of the file" : "the file") (other episodes are not named)",
                once: "no order by \(column)"
            )
            return nil
        }
        log.add(
            reader.path,
            column,
            "rows of episode \(episode.number) are not in order; they are sorted (other episodes are not named)",
            once: "order of rows"
        )
        return order
    }

    /// Visits the data files of episodes, and gives the episodes' rows in each.
    func forEachFile(
        of episodes: some Sequence<Episode>,
        _ body: (ParquetReader, [Part]) throws(LeRobotError) -> Void
    ) throws(LeRobotError) {
        var byFile: [Int: [(episode: Episode, first: Int)]] = [:]
        for episode in episodes {
            if let piece = episode.pieces.first, episode.pieces.allSatisfy({ $0.file == piece.file }) {
                byFile[piece.file, default: []].append((episode, 0))
                continue
            }
            for (file, first) in try firstPositions(of: episode) {
                byFile[file, default: []].append((episode, first))
            }
        }
        for (file, parts) in byFile.sorted(by: { $0.key < $1.key }) {
            let reader = try ParquetReader(opening: url(file))
            let rows = try rows(of: parts.map(\.episode), in: reader, file: file)
            try body(
                reader,
                zip(parts, rows).map { Part(episode: $0.episode, file: file, first: $0.first, rows: $1) }
            )
        }
    }

    /// Position of the first row of every file of an episode that lies in several.
    private func firstPositions(of episode: Episode) throws(LeRobotError) -> [(file: Int, first: Int)] {
        var found: [(file: Int, count: Int, keys: ClosedRange<Int>)] = []
        for file in Set(episode.pieces.map(\.file)).sorted() {
            let reader = try ParquetReader(opening: url(file))
            guard let column = Self.orderColumns.first(where: reader.has) else {
                throw unordered(episode, in: reader.path, "no column frame_index")
            }
            let keys = try reader.optionalIntegers(column)
            let own = episode.pieces.filter { $0.file == file }.flatMap { piece in
                piece.rows.compactMap { keys[$0] }
            }
            guard let first = own.min(), let last = own.max() else { continue }
            found.append((file, own.count, first ... last))
        }
        found.sort { $0.keys.lowerBound < $1.keys.lowerBound }
        var next = 0
        var positions: [(file: Int, first: Int)] = []
        for (index, part) in found.enumerated() {
            if index > 0, part.keys.lowerBound <= found[index - 1].keys.upperBound {
                throw unordered(episode, in: url(part.file).path, "the same frame_index as in another file")
            }
            positions.append((part.file, next))
            next += part.count
        }
        return positions
    }

    private func unordered(_ episode: Episode, in file: String, _ found: String) -> LeRobotError {
        .wrongField(
            file: file,
            field: "frame_index",
            expected: "an order of the rows of episode \(episode.number), which lie in several files",
            found: found
        )
    }

    /// Values of `timestamp` in every row of an episode, seconds; nil if some are absent or no numbers.
    ///
    /// Whole numbers a thousand, a million or a milliard times as far apart as frames are milli-, micro- or nanoseconds.
    func times(of episode: Episode) throws(LeRobotError) -> [Double]? {
        if let kept = times.withLock({ $0[episode.index] }) { return kept.isEmpty ? nil : kept }
        // All episodes of the file are read at once: their neighbours are asked for next.
        let neighbours = Set(episode.pieces.flatMap { episodesOfFile[$0.file] }).map { episodes[$0] }
        var found: [Int: [Double]]
        do throws(LeRobotError) { found = try timestamps(of: neighbours) } catch {
            // The fault may be a neighbour's.
            found = try timestamps(of: [episode])
        }
        found = found.mapValues { $0.allSatisfy(\.isFinite) ? inSeconds($0) : [] }
        let result = found[episode.index] ?? []
        times.withLock { times in
            if times.count + found.count > Self.maximumEpisodesKept { times = [:] }
            times.merge(found) { $1 }
            times[episode.index] = result
        }
        return result.isEmpty ? nil : result
    }

    /// Values of `timestamp` as they are, by episode; NaN where they are absent.
    private func timestamps(of episodes: [Episode]) throws(LeRobotError) -> [Int: [Double]] {
        var found: [Int: [Double]] = [:]
        try forEachFile(of: episodes) { (reader, parts) throws(LeRobotError) in
            guard reader.has("timestamp") else { return }
            let values: [Double]
            do throws(LeRobotError) { values = try reader.column("timestamp").doubles() } catch {
                log.add(
                    reader.path,
                    "timestamp",
                    "no times can be read; frames of videos are found by their order (other files are not named): \(error)",
                    once: "unreadable timestamp"
                )
                return
            }
            for part in parts {
                var times = found[part.episode.index] ?? Array(repeating: .nan, count: part.episode.length)
                for (offset, row) in part.rows.enumerated() { times[part.first + offset] = values[row] }
                found[part.episode.index] = times
            }
        }
        return found
    }

    private func inSeconds(_ times: [Double]) -> [Double] {
        let steps = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
        guard !steps.isEmpty, times.allSatisfy({ $0 == $0.rounded() }) else { return times }
        let frames = steps[steps.count / 2] * fps
        for unit in [1e3, 1e6, 1e9] where frames > unit * 0.5 && frames < unit * 2 {
            log.add(
                folder.path,
                "timestamp",
                "is read as whole numbers of 1/\(Int(unit)) s",
                once: "unit of timestamp"
            )
            return times.map { $0 / unit }
        }
        return times
    }
}
