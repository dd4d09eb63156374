/// An episode as the dataset's metadata list it, before its rows were looked at.
struct ListedEpisode {
    /// `episode_index`.
    let number: Int

    /// Instructions, in plain words.
    let tasks: [String]

    /// Number of frames; nil if the list has none.
    let length: Int?

    /// The Parquet file.
    let dataFile: FileLocation

    /// `dataset_from_index` and `dataset_to_index`; nil where the list has none.
    let bounds: (from: Int, to: Int)?

    /// Segment of every camera's video.
    let videos: [String: Episode.VideoSegment]

    /// Longest episode that is believed, rows.
    private static let maximumLength = 10_000_000

    init(
        number: Int,
        tasks: [String],
        length: Int?,
        dataFile: FileLocation,
        bounds: (from: Int, to: Int)?,
        videos: [String: Episode.VideoSegment]
    ) {
        self.number = number
        self.tasks = tasks
        self.length = length.flatMap { (0 ... Self.maximumLength).contains($0) ? $0 : nil }
        self.dataFile = dataFile
        self.bounds = bounds
        self.videos = videos
    }
}

/// The list of episodes of a dataset.
struct EpisodeList {
    /// Episodes in order of their numbers, each once.
    let episodes: [ListedEpisode]

    /// Path of the file or folder that lists them.
    let source: String

    /// Sorts episodes; of several with one number, the last one counts.
    init(_ found: [ListedEpisode], source: String, log: WarningLog) {
        self.source = source
        var isSorted = true
        for index in found.indices.dropFirst() where found[index].number <= found[index - 1].number {
            isSorted = false
        }
        guard !isSorted else {
            episodes = found
            return
        }
        var last: [Int: Int] = [:]
        for (position, episode) in found.enumerated() { last[episode.number] = position }
        episodes = last.values.map { found[$0] }.sorted { $0.number < $1.number }
        if episodes.count < found.count {
            let twice =
                Dictionary(grouping: found, by: \.number).filter { $0.value.count > 1 }.keys.min() ?? 0
            log.add(
                source,
                "episode_index",
                "episode \(twice) is listed more than once; the last entry is taken"
            )
        }
    }
}
