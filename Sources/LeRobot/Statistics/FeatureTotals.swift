import RobotTypes

/// Collects what the statistics of a dataset need while its episodes are written.
struct FeatureTotals {
    private var values: [String: [Float]] = [:]
    private var dimensions: [String: Int] = [:]
    private var colors: [String: ColorHistogram] = [:]
    private var valueCount = 0

    /// At most this many images of an episode count, evenly spread.
    private static let imagesPerEpisode = 32

    /// Above this number of values, 1 GB, they are not kept: quantiles of the dataset are the means of the episodes' then,
    /// as LeRobot's are.
    private static let maximumValues = 1 << 28

    /// Rows of an episode whose images count.
    static func sampledRows(of length: Int) -> StrideTo<Int> {
        stride(from: 0, to: length, by: max(1, (length + imagesPerEpisode - 1) / imagesPerEpisode))
    }

    /// Adds an episode.
    ///
    /// - Parameters:
    ///   - columns: Values of every numeric feature, `[length, dimension]`. Rows with a value that is not finite count
    ///     in no statistic.
    ///   - length: Number of rows.
    ///   - images: Images of ``sampledRows(of:)``, by camera; none where the episode lacks a camera.
    /// - Returns: The episode's own summaries, by feature.
    mutating func add(_ columns: [String: [Float]], length: Int, images: [String: [Image]])
        -> [String: ColumnSummary]
    {
        var summaries: [String: ColumnSummary] = [:]
        for (name, all) in columns {
            let dimension = all.count / length
            let values = Self.finiteRows(all, dimension: dimension)
            dimensions[name] = dimension
            valueCount += values.count
            if valueCount <= Self.maximumValues {
                self.values[name, default: []] += values
            } else {
                self.values = [:]
            }
            summaries[name] =
                values.isEmpty ? .empty(dimension: dimension) : ColumnSummary(values, dimension: dimension)
        }
        for (camera, images) in images {
            var histogram = ColorHistogram()
            for image in images { histogram.add(image) }
            colors[camera, default: ColorHistogram()].add(histogram)
            summaries[camera] = images.isEmpty ? .empty(dimension: 3) : histogram.summary
        }
        return summaries
    }

    private static func finiteRows(_ values: [Float], dimension: Int) -> [Float] {
        guard !values.allSatisfy(\.isFinite) else { return values }
        return stride(from: 0, to: values.count, by: dimension).map { values[$0 ..< $0 + dimension] }
            .filter { $0.allSatisfy(\.isFinite) }.flatMap(\.self)
    }

    /// Summaries of all episodes together, by feature; those without any value are left out.
    func summaries(of episodes: [EpisodeRecord]) -> [String: ColumnSummary] {
        var summaries = colors.filter { $0.value.imageCount > 0 }.mapValues(\.summary)
        for (name, dimension) in dimensions {
            if let values = values[name] {
                if !values.isEmpty { summaries[name] = ColumnSummary(values, dimension: dimension) }
            } else {
                summaries[name] = ColumnSummary(merging: episodes.compactMap { $0.summaries[name] })
            }
        }
        return summaries
    }
}
