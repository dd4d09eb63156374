import Foundation

/// A dataset that ``GrowingDataset`` wrote, and that is to grow further.
struct FormerRecording {
    let dataset: LeRobotDataset

    /// Features without bookkeeping.
    let features: [String: Feature]

    /// Location of an episode's files of every kind.
    static func location(of episode: Int) -> FileLocation {
        let size = DatasetInfo.usualChunksSize
        return FileLocation(chunk: episode / size, file: episode % size)
    }

    /// Opens the recording in a folder.
    ///
    /// - Returns: nil where the folder is absent, empty, or a recorder was interrupted there before its first episode.
    /// - Throws: ``LeRobotError`` for a folder with anything else.
    init?(_ folder: URL, fps: Double) throws(LeRobotError) {
        let manager = FileManager.default
        let names = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
        guard manager.fileExists(atPath: folder.appending(path: "meta/info.json").path) else {
            let isInterrupted =
                names.contains(RecordingFolder.name)
                && Set(names).isSubset(of: [RecordingFolder.name] + Self.parts)
            guard names.isEmpty || isInterrupted else {
                throw .unwritable(
                    file: folder.path,
                    reason: "it holds other files; choose another folder or empty it"
                )
            }
            return nil
        }
        dataset = try LeRobotDataset(opening: folder)
        features = dataset.info.features.filter { DatasetInfo.bookkeeping[$0.key] == nil }
        try check(fps: fps)
    }

    /// Makes sure that the dataset is a recording of a rate that a recorder can add to.
    private func check(fps: Double) throws(LeRobotError) {
        let folder = dataset.folder
        if let name = features.keys.filter({ !DatasetInfo.isFeatureName($0) }).min() {
            throw .wrongField(
                file: folder.appending(path: "meta/info.json").path,
                field: "features",
                expected: "names without '/'",
                found: "'\(name)'; record into another folder"
            )
        }
        let isOwn =
            dataset.info.codebaseVersion == "v3.0" && dataset.info.dataPath == DatasetInfo.defaultDataPath
            && dataset.episodes.allSatisfy { episode in
                let location = Self.location(of: episode.index)
                return episode.number == episode.index && episode.dataFile == location
                    && episode.videos.values.allSatisfy { $0.location == location }
            }
        guard isOwn else {
            throw .unwritable(
                file: folder.path,
                reason:
                    "it holds a dataset whose episodes share files; record into another folder, and put both together "
                    + "with 'faster data merge'"
            )
        }
        if let episode = dataset.episodes.first(where: { $0.pieces.isEmpty }) {
            throw .missingFile(
                folder.appending(path: dataset.info.dataPath(of: episode.dataFile)).path,
                needed: "the recording that is to go on has its episode \(episode.index) there"
            )
        }
        guard dataset.info.fps == fps else {
            throw .wrongField(
                file: folder.appending(path: "meta/info.json").path,
                field: "fps",
                expected: "\(fps)",
                found: "\(dataset.info.fps); a recording goes on at its own rate"
            )
        }
    }

    /// Statistics of all episodes: those of the file, unless an interruption kept it from being written.
    func summaries() throws(LeRobotError) -> [String: ColumnSummary] {
        let file = dataset.folder.appending(path: "meta/stats.json")
        if let json = try? JSONValue.reading(file), let members = json.members {
            var summaries: [String: ColumnSummary] = [:]
            for (name, entry) in members { summaries[name] = ColumnSummary(entry) }
            let isWhole = dataset.info.features.allSatisfy { name, feature in
                summaries[name]?.mean.count == (feature.isImage ? 3 : feature.dimension)
            }
            if isWhole, summaries["index"]?.count == dataset.frameCount { return summaries }
        }
        return try DatasetStatistics(of: dataset).features.mapValues(ColumnSummary.init)
            .merging(try bookkeepingSummaries()) { $1 }
    }

    /// Statistics of the columns that every dataset has.
    private func bookkeepingSummaries() throws(LeRobotError) -> [String: ColumnSummary] {
        let tasks = try dataset.loadTable(features: []).taskIndex
        var totals = FeatureTotals()
        for episode in dataset.episodes {
            let columns = episode.bookkeeping(
                timestamps: (0 ..< episode.length).map { Float(Double($0) / dataset.info.fps) },
                tasks: Array(tasks[episode.rows])
            )
            _ = totals.add(columns, length: episode.length, images: [:])
        }
        return totals.summaries()
    }

    /// Removes what an interrupted recorder left of the episode after the last one.
    func removeRemains() {
        let location = Self.location(of: dataset.episodes.count)
        let videos = features.filter { $0.value.dtype == "video" }.keys.map {
            DatasetInfo.filled(DatasetInfo.defaultVideoPath, location, camera: $0)
        }
        for path in videos + [DatasetInfo.filled(DatasetInfo.defaultDataPath, location)] {
            try? FileManager.default.removeItem(at: dataset.folder.appending(path: path))
        }
    }

    /// Folders of a dataset.
    private static let parts = ["data", "meta", "videos"]

    /// Removes what an interrupted recorder left of the first episode, without which there is no dataset.
    static func removeUnlisted(in folder: URL) {
        for part in parts { try? FileManager.default.removeItem(at: folder.appending(path: part)) }
    }
}

extension ColumnSummary {
    /// Reads a feature of `meta/stats.json`; nil where a part is absent or the count is no whole number.
    init?(_ json: JSONValue) {
        func numbers(_ key: String) -> [Double]? { json[key]?.flatNumbers }
        guard let count = numbers("count")?.first.flatMap({ Int(exactly: $0) }),
            let min = numbers("min"), let max = numbers("max"),
            let mean = numbers("mean"), let std = numbers("std")
        else { return nil }
        let quantiles = Self.levels.compactMap { numbers($0.key) }
        guard quantiles.count == Self.levels.count,
            ([min, max, std] + quantiles).allSatisfy({ $0.count == mean.count })
        else { return nil }
        self = .empty(dimension: mean.count)
        (self.min, self.max, self.mean, self.std) = (min, max, mean, std)
        self.quantiles = quantiles
        self.count = count
    }

    /// The summary that statistics of a feature are.
    init(_ feature: DatasetStatistics.Feature) {
        self = .empty(dimension: feature.mean.count)
        (min, max, mean, std) = (feature.min, feature.max, feature.mean, feature.std)
        quantiles = [feature.q01, feature.q10, feature.q50, feature.q90, feature.q99]
        count = feature.count.first ?? 0
    }
}
