import RobotTypes

/// Collects what the statistics of a dataset need while its episodes are written.
struct FeatureTotals {
    private var values: [String: [Float]] = [:]
    private var colors: [String: ColorHistogram] = [:]

    /// At most this many images of an episode count, evenly spread.
    private static let picturesPerEpisode = 32

    /// Adds an episode and returns its own summaries, by feature.
    mutating func add(
        _ columns: EpisodeColumns,
        frames: [String: [Image]],
        episode: Episode,
        task: Int
    ) -> [String: ColumnSummary] {
        let bookkeeping = [
            "timestamp": columns.timestamps,
            "frame_index": (0 ..< columns.length).map(Float.init),
            "episode_index": Array(repeating: Float(episode.index), count: columns.length),
            "index": episode.rows.map(Float.init),
            "task_index": Array(repeating: Float(task), count: columns.length),
        ]
        var summaries: [String: ColumnSummary] = [:]
        for (name, values) in columns.features.merging(bookkeeping, uniquingKeysWith: { $1 }) {
            self.values[name, default: []] += values
            summaries[name] = ColumnSummary(values, dimension: values.count / columns.length)
        }
        for (camera, images) in frames {
            let spacing = max(1, (images.count + Self.picturesPerEpisode - 1) / Self.picturesPerEpisode)
            var histogram = ColorHistogram()
            for index in stride(from: 0, to: images.count, by: spacing) { histogram.add(images[index]) }
            colors[camera, default: ColorHistogram()].add(histogram)
            summaries[camera] = histogram.summary
        }
        return summaries
    }

    /// Summaries of all episodes together, by feature.
    func summaries(_ description: DatasetDescription) -> [String: ColumnSummary] {
        var summaries = colors.mapValues(\.summary)
        for (name, values) in values {
            let dimension = description.features[name]?.dimension ?? 1
            summaries[name] = ColumnSummary(values, dimension: dimension)
        }
        return summaries
    }
}
