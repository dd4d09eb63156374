import RobotTypes

/// Collects what the statistics of a dataset need while its episodes are written.
struct FeatureTotals {
    private var values: [String: [Float]] = [:]
    private var dimensions: [String: Int] = [:]
    private var colors: [String: ColorHistogram] = [:]
    private var valueCount = 0

    /// At most this many images of an episode count, evenly spread.
    private static let imagesPerEpisode = 32

    /// Up to this number of values, 128 MB, they are kept and quantiles are exact.
    static let maximumValues = 1 << 25

    /// The remark that belongs to binned quantiles.
    static let binningNote =
        "statistics: for the number of values, quantiles are counted in bins, and off by at most 1/4096 of themselves"

    private let maximumValues: Int

    /// Sums of what was added, without quantiles.
    private var sums: [String: ColumnSummary] = [:]

    /// Distributions of every column, once there are more values than are kept.
    private var distributions: [String: [ColumnDistribution]] = [:]

    init(maximumValues: Int = FeatureTotals.maximumValues) { self.maximumValues = maximumValues }

    /// Returns true if quantiles are ``ColumnDistribution``'s.
    var hasBinnedQuantiles: Bool { valueCount > maximumValues }

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
            keep(values, of: name)
            summaries[name] =
                values.isEmpty ? .empty(dimension: dimension) : ColumnSummary(values, dimension: dimension)
            let parts = [sums[name], summaries[name]].compactMap(\.self)
            sums[name] = ColumnSummary(merging: parts) ?? .empty(dimension: dimension)
        }
        for (camera, images) in images {
            var histogram = ColorHistogram()
            for image in images { histogram.add(image) }
            colors[camera, default: ColorHistogram()].add(histogram)
            summaries[camera] = images.isEmpty ? .empty(dimension: 3) : histogram.summary
        }
        return summaries
    }

    /// Adds the images that others have counted, by camera.
    mutating func add(_ histograms: [String: ColorHistogram]) {
        for (camera, histogram) in histograms { colors[camera, default: ColorHistogram()].add(histogram) }
    }

    private static func finiteRows(_ values: [Float], dimension: Int) -> [Float] {
        guard !values.allSatisfy(\.isFinite) else { return values }
        return stride(from: 0, to: values.count, by: dimension).map { values[$0 ..< $0 + dimension] }
            .filter { $0.allSatisfy(\.isFinite) }.flatMap(\.self)
    }

    private mutating func keep(_ new: [Float], of name: String) {
        guard hasBinnedQuantiles else {
            values[name, default: []] += new
            return
        }
        for (name, kept) in values { count(kept, of: name) }
        values = [:]
        count(new, of: name)
    }

    private mutating func count(_ values: [Float], of name: String) {
        guard let dimension = dimensions[name] else { return }
        var columns =
            distributions.removeValue(forKey: name) ?? Array(repeating: .init(), count: dimension)
        for column in 0 ..< dimension {
            for index in stride(from: column, to: values.count, by: dimension) {
                columns[column].add(values[index])
            }
        }
        distributions[name] = columns
    }

    /// Summaries of everything, by feature; those without any value are left out.
    func summaries() -> [String: ColumnSummary] {
        var summaries = colors.filter { $0.value.imageCount > 0 }.mapValues(\.summary)
        for (name, sum) in sums where sum.count > 0 {
            if let values = values[name], !hasBinnedQuantiles {
                summaries[name] = ColumnSummary(values, dimension: sum.mean.count)
            } else if let columns = distributions[name] {
                summaries[name] = sum.with(columns)
            }
        }
        return summaries
    }
}
