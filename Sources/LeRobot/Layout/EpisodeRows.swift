import Foundation

/// Finds the rows of every episode: the rows' own `episode_index` and the files present are
/// authoritative; files, lengths and positions in the metadata are hints.
struct EpisodeRows {
    /// Above this number of files, those of an episode each are opened only when their rows are read.
    static let maximumFilesOpenedAhead = 2000

    private let folder: URL
    private let info: DatasetInfo
    private let list: EpisodeList
    private let log: WarningLog
    private let catalog: FileCatalog

    private var paths: [String] = []
    private var indices: [String: Int] = [:]
    private var runs: [Int: RowRuns] = [:]
    private var found: [Int: [Episode.RowPiece]] = [:]
    /// Indices of the files that the metadata name: others may be copies of these.
    private var namedFiles: Set<Int> = []
    private var damaged: [Int: LeRobotError] = [:]

    /// The episodes, and the files that their pieces name.
    struct Result {
        var episodes: [Episode] = []
        var paths: [String] = []
        var damaged: [LeRobotError] = []
    }

    /// Prepares to look for the rows of listed episodes.
    init(folder: URL, info: DatasetInfo, list: EpisodeList, log: WarningLog) {
        self.folder = folder
        self.info = info
        self.list = list
        self.log = log
        catalog = FileCatalog(folder: folder, template: info.dataPath, root: "data", endings: ["parquet"])
    }

    /// Looks at the files and gives the episodes in order.
    mutating func episodes() throws(LeRobotError) -> Result {
        let named = list.episodes.map { path(of: $0) }
        let isLarge = info.layout == .filePerEpisode && Set(named).count > Self.maximumFilesOpenedAhead
        if !isLarge {
            for path in named { if let path { open(path) } }
            namedFiles = Set(indices.values)
            if hasGaps(named) { for path in catalog.paths.sorted() { open(path) } }
        }
        var result = Result()
        var absent: [Int] = []
        result.episodes.reserveCapacity(list.episodes.count)
        for (listed, path) in zip(list.episodes, named) {
            let pieces = isLarge ? unopened(listed, path) : pieces(of: listed, in: path)
            let count = pieces.reduce(0) { $0 + $1.rows.count }
            if pieces.isEmpty { absent.append(listed.number) }
            if let length = listed.length, !pieces.isEmpty, count != length {
                warnOfLength(listed, length, count)
            }
            let length = pieces.isEmpty ? listed.length ?? 0 : count
            guard length > 0 else {
                log.add(list.source, "episode_index", "episode \(listed.number) has no rows and is left out")
                continue
            }
            let first = result.episodes.last?.rows.upperBound ?? 0
            result.episodes.append(
                Episode(
                    index: result.episodes.count,
                    number: listed.number,
                    tasks: listed.tasks,
                    rows: first ..< first + length,
                    dataFile: listed.dataFile,
                    videos: listed.videos,
                    pieces: pieces
                )
            )
        }
        warnOfAbsent(absent, named)
        warnOfUnlisted()
        result.paths = paths
        result.damaged = damaged.sorted { $0.key < $1.key }.map(\.value)
        return result
    }

    /// Path of the file that an episode is said to be in.
    private func path(of listed: ListedEpisode) -> String? {
        if let path = catalog.path(of: listed.dataFile) { return path }
        return info.layout == .filePerEpisode ? catalog.path(number: listed.number) : nil
    }

    private mutating func index(of path: String) -> Int {
        if let index = indices[path] { return index }
        indices[path] = paths.count
        paths.append(path)
        return paths.count - 1
    }

    private mutating func open(_ path: String) {
        guard indices[path] == nil else { return }
        let index = index(of: path)
        let file = folder.appending(path: path)
        do throws(LeRobotError) {
            let runs = try RowRuns(try ParquetReader(opening: file))
            self.runs[index] = runs
            for run in runs.runs ?? [] {
                found[run.episode, default: []].append(.init(file: index, rows: run.rows))
            }
        } catch {
            damaged[index] = error
            log.add(file.path, nil, "cannot be used: \(error)", once: "damaged \(path)")
        }
    }

    /// Returns true if the files that the metadata name do not hold all rows that they promise.
    private func hasGaps(_ named: [String?]) -> Bool {
        zip(list.episodes, named).contains { listed, path in
            guard let path, let index = indices[path] else { return true }
            guard runs[index]?.runs != nil else { return false }
            let count = found[listed.number]?.reduce(0) { $1.file == index ? $0 + $1.rows.count : $0 } ?? 0
            return count != listed.length
        }
    }

    private mutating func unopened(_ listed: ListedEpisode, _ path: String?) -> [Episode.RowPiece] {
        guard let path, let length = listed.length, length > 0 else { return [] }
        return [.init(file: index(of: path), rows: 0 ..< length)]
    }

    private func pieces(of listed: ListedEpisode, in path: String?) -> [Episode.RowPiece] {
        let all = found[listed.number] ?? []
        guard let path, let index = indices[path] else { return moved(listed, all, from: nil) }
        guard let runs = runs[index] else {
            // The file is damaged: its rows fail where they are used.
            guard all.isEmpty, let length = listed.length else { return moved(listed, all, from: path) }
            return [.init(file: index, rows: 0 ..< length)]
        }
        guard runs.runs != nil else { return unnumbered(listed, index, runs.rowCount) }
        let here = all.filter { $0.file == index }
        func count(_ pieces: [Episode.RowPiece]) -> Int { pieces.reduce(0) { $0 + $1.rows.count } }
        let own = info.layout == .sharedFiles ? all.filter { namedFiles.contains($0.file) } : here
        if count(here) == listed.length {
            guard let other = own.first(where: { $0.file != index }) else { return here }
            if isContinued(own) { return own }
            warnOfFurtherRows(listed, paths[other.file])
            return here
        }
        if count(all) == listed.length, !here.isEmpty { return all }
        if !here.isEmpty { return own }
        if all.isEmpty, info.layout == .filePerEpisode { return byName(listed, index, runs) }
        return moved(listed, all, from: path)
    }

    /// Rows that lie in another file than the metadata say.
    private func moved(_ listed: ListedEpisode, _ pieces: [Episode.RowPiece], from path: String?)
        -> [Episode.RowPiece]
    {
        guard let first = pieces.first else { return [] }
        log.add(
            list.source,
            "file",
            "episode \(listed.number) should be in \(path ?? catalog.expectedPath(of: listed.dataFile)); its rows are "
                + "in \(paths[first.file]) and are read from there (other episodes are not named)"
        )
        return pieces
    }

    /// The whole file of one episode whose rows bear another number: the name of the file decides.
    private func byName(_ listed: ListedEpisode, _ index: Int, _ runs: RowRuns) -> [Episode.RowPiece] {
        guard let run = runs.runs?.first, runs.runs?.count == 1 else { return [] }
        log.add(
            folder.appending(path: paths[index]).path,
            "episode_index",
            "the rows say \(run.episode), the file's name \(listed.number), which is taken (other files are not named)",
            once: "episode_index by name"
        )
        return [.init(file: index, rows: run.rows)]
    }

    /// Rows of a file without `episode_index`: by the positions that the metadata give.
    private func unnumbered(_ listed: ListedEpisode, _ index: Int, _ rowCount: Int) -> [Episode.RowPiece] {
        let file = folder.appending(path: paths[index]).path
        log.add(
            file,
            "episode_index",
            "there is no such column: rows are assigned to episodes by the metadata alone (other files are not named)",
            once: "no episode_index"
        )
        if info.layout == .filePerEpisode { return [.init(file: index, rows: 0 ..< rowCount)] }
        let others = list.episodes.filter { $0.dataFile == listed.dataFile }
        guard others.reduce(0, { $0 + ($1.length ?? 0) }) == rowCount, let length = listed.length else {
            return []
        }
        let first = others.prefix { $0.number < listed.number }.reduce(0) { $0 + ($1.length ?? 0) }
        return [.init(file: index, rows: first ..< first + length)]
    }

    /// Returns true if an episode's rows end one file and begin the next.
    private func isContinued(_ pieces: [Episode.RowPiece]) -> Bool {
        let pieces = pieces.sorted { paths[$0.file] < paths[$1.file] }
        return zip(pieces, pieces.dropFirst()).allSatisfy { piece, next in
            piece.file != next.file && piece.rows.upperBound == runs[piece.file]?.rowCount
                && next.rows.lowerBound == 0
        }
    }

    private func warnOfFurtherRows(_ listed: ListedEpisode, _ path: String) {
        log.add(
            folder.appending(path: path).path,
            "episode_index",
            "holds further rows of episode \(listed.number), whose \(listed.length ?? 0) rows are in another file; they are "
                + "left out (other files are not named)",
            once: "further rows"
        )
    }

    private func warnOfLength(_ listed: ListedEpisode, _ length: Int, _ count: Int) {
        log.add(
            list.source,
            "length",
            "episode \(listed.number) should have \(length) rows, the data files have \(count), which are taken "
                + "(other episodes are not named)"
        )
    }

    private func warnOfAbsent(_ absent: [Int], _ named: [String?]) {
        guard let first = absent.first else { return }
        let position = list.episodes.firstIndex { $0.number == first } ?? 0
        let path = named[position] ?? catalog.expectedPath(of: list.episodes[position].dataFile)
        log.add(
            folder.path,
            "data",
            "the rows of \(absent.count) of \(list.episodes.count) episodes are absent, the first is episode \(first) "
                + "(\(path)); the others can be used"
        )
    }

    private func warnOfUnlisted() {
        let listed = Set(list.episodes.map(\.number))
        let others = found.keys.filter { !listed.contains($0) }.sorted()
        guard let first = others.first, let piece = found[first]?.first else { return }
        log.add(
            folder.appending(path: paths[piece.file]).path,
            "episode_index",
            "holds rows of episode \(first)\(others.count > 1 ? " and \(others.count - 1) more" : ""), "
                + "which \(list.source) does not list; they are left out"
        )
    }
}
