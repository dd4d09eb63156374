import RobotTypes

/// Statistics of every feature of a dataset, computed from its rows.
public struct DatasetStatistics: Encodable, Sendable {
    /// Statistics of one feature, one value a column; of a camera's images, one a channel on a scale of 0 to 1.
    public struct Feature: Encodable, Sendable {
        /// Number of rows or images that count, in a list as LeRobot has it.
        public let count: [Int]
        /// Smallest value.
        public let min: [Double]
        /// Largest value.
        public let max: [Double]
        /// Mean.
        public let mean: [Double]
        /// Standard deviation, of the population.
        public let std: [Double]
        /// Quantile 1 %.
        public let q01: [Double]
        /// Quantile 10 %.
        public let q10: [Double]
        /// Quantile 50 %, the median.
        public let q50: [Double]
        /// Quantile 90 %.
        public let q90: [Double]
        /// Quantile 99 %.
        public let q99: [Double]
    }

    /// Statistics by feature.
    public let features: [String: Feature]

    /// Writes the features alone, as LeRobot's `stats.json` does.
    public func encode(to encoder: any Encoder) throws { try features.encode(to: encoder) }

    /// Computes the statistics; rows with a value that is not finite count in none.
    ///
    /// - Parameters:
    ///   - dataset: The dataset.
    ///   - progress: Called with the episodes whose images are done, and their number.
    /// - Throws: ``LeRobotError`` when a file is damaged.
    public init(
        of dataset: LeRobotDataset,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(LeRobotError) {
        let table = try dataset.loadTable()
        var totals = FeatureTotals()
        let columns = table.columns.mapValues(\.values).filter { !$0.value.isEmpty }
        _ = totals.add(columns, length: max(table.count, 1), images: [:])
        let reader = FrameReader(dataset)
        for episode in dataset.episodes {
            var images: [String: [Image]] = [:]
            for camera in dataset.cameras {
                guard dataset.info.features[camera]?.dtype != "video" || episode.videos[camera] != nil else {
                    continue
                }
                var sampled: [Image] = []
                for row in FeatureTotals.sampledRows(of: episode.length) {
                    sampled += try reader.images(camera: camera, episode: episode, frames: row ..< row + 1)
                }
                images[camera] = sampled
            }
            _ = totals.add([:], length: episode.length, images: images)
            progress(episode.index + 1, dataset.episodes.count)
        }
        features = totals.summaries(of: []).mapValues { summary in
            Feature(
                count: [summary.count],
                min: summary.min,
                max: summary.max,
                mean: summary.mean,
                std: summary.std,
                q01: summary.quantiles[0],
                q10: summary.quantiles[1],
                q50: summary.quantiles[2],
                q90: summary.quantiles[3],
                q99: summary.quantiles[4]
            )
        }
    }
}
