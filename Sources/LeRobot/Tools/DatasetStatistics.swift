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

    /// Remarks about how they were computed.
    public let notes: [String]

    /// Computes the statistics; rows with a value that is not finite count in none.
    ///
    /// Rows are read file by file, so that memory does not grow with the dataset.
    ///
    /// - Parameters:
    ///   - dataset: The dataset.
    ///   - images: The images, as several processes have counted them in their shares; nil to count all here.
    ///   - progress: Called with the episodes that are done, and their number; rows and images count separately.
    /// - Throws: ``LeRobotError`` when a file is damaged.
    public init(
        of dataset: LeRobotDataset,
        images: [ImagePart]? = nil,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(LeRobotError) {
        var totals = FeatureTotals()
        let countsImages = !dataset.cameras.isEmpty && images == nil
        let total = dataset.episodes.count * (countsImages ? 2 : 1)
        let remarks = try Self.addRows(of: dataset, to: &totals) { progress($0, total) }
        var images = images ?? []
        if countsImages {
            images.append(
                try ImagePart(of: dataset, rank: 0, of: 1) { done, _ in
                    progress(dataset.episodes.count + done, total)
                }
            )
        }
        for part in images { totals.add(part.colors) }
        notes = remarks + (totals.hasBinnedQuantiles ? [FeatureTotals.binningNote] : [])
        features = totals.summaries().mapValues { summary in
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

    /// Adds all rows, and gives remarks about columns that are no numbers.
    private static func addRows(
        of dataset: LeRobotDataset,
        to totals: inout FeatureTotals,
        progress: (Int) -> Void
    ) throws(LeRobotError) -> [String] {
        var remarks: [String: String] = [:]
        let features = dataset.numericFeatures()
        for (file, numbers) in dataset.rowSource.episodesOfFile.enumerated() where !numbers.isEmpty {
            let episodes = numbers.map { dataset.episodes[$0] }
            try dataset.rowSource.forEachFile(of: episodes) { (reader, parts) throws(LeRobotError) in
                // An episode in several files is visited once a file, in turn.
                guard parts.first?.file == file else { return }
                let length = parts.reduce(0) { $0 + $1.rows.count }
                for (name, feature) in features where reader.has(name) && remarks[name] == nil {
                    let column = try reader.column(name)
                    let dimension = column.width(preferring: feature.dimension) ?? feature.dimension
                    guard dimension > 0 else { continue }
                    let all: [Float]
                    do throws(LeRobotError) { all = try column.floatsOfUnevenRows(width: dimension) } catch {
                        remarks[name] = "\(name) is left out from here on: \(error)"
                        continue
                    }
                    var values: [Float] = []
                    values.reserveCapacity(length * dimension)
                    for row in parts.lazy.flatMap(\.rows) {
                        values += all[row * dimension ..< (row + 1) * dimension]
                    }
                    _ = totals.add([name: values], length: max(length, 1), images: [:])
                }
            }
            progress((numbers.last ?? 0) + 1)
        }
        return remarks.values.sorted()
    }
}

extension DatasetStatistics {
    /// The images of a process's share of a dataset's episodes, counted for the statistics.
    public struct ImagePart: Codable, Sendable {
        /// Levels of the images by camera.
        let colors: [String: ColorHistogram]

        /// Counts the images of one of several processes.
        ///
        /// - Parameters:
        ///   - dataset: The dataset.
        ///   - rank: Position of the process, from 0.
        ///   - size: Number of processes.
        ///   - progress: Called with the episodes that are done, and their number.
        /// - Throws: ``LeRobotError`` when a file is damaged.
        public init(
            of dataset: LeRobotDataset,
            rank: Int,
            of size: Int,
            progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
        ) throws(LeRobotError) {
            let reader = FrameReader(dataset)
            var colors: [String: ColorHistogram] = [:]
            let episodes = dataset.episodes.share(rank, of: size)
            for (position, episode) in episodes.enumerated() {
                for camera in dataset.cameras {
                    guard dataset.info.features[camera]?.dtype != "video" || episode.videos[camera] != nil
                    else { continue }
                    for row in FeatureTotals.sampledRows(of: episode.length) {
                        let frames = row ..< row + 1
                        for image in try reader.images(camera: camera, episode: episode, frames: frames) {
                            colors[camera, default: ColorHistogram()].add(image)
                        }
                    }
                }
                progress(position + 1, episodes.count)
            }
            self.colors = colors
        }
    }
}
