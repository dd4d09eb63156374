import Foundation
import RobotTypes

/// A dataset while it is assembled from episodes of others.
final class AssemblyWriting {
    private let folder: URL
    private let schema: CopiedSchema
    private let data: DataFiles
    private let videos: [(camera: String, files: CopiedVideos)]
    private var records: [EpisodeRecord] = []
    private var totals = FeatureTotals()
    private var tasks: [String] = []
    private var taskIndices: [String: Int] = [:]
    private var imageReaders: (folder: URL, columns: [String: ImageColumn])?
    /// Remarks by kind, with the number of episodes that they are about.
    private var remarks: [String: Int] = [:]

    /// Rows farther off the grid of the rate than this, seconds, have a clock's times.
    private static let gridTolerance = 1e-3

    /// Times of a longer episode, seconds, are no clock's.
    private static let longestEpisode = 86400.0

    init(folder: URL, schema: CopiedSchema) {
        self.folder = folder
        self.schema = schema
        data = DataFiles(folder: folder, fields: schema.fields, maximumSizeInMB: schema.dataFilesSizeInMB)
        videos = schema.videos.map { camera in
            let files = CopiedVideos(
                folder: folder,
                camera: camera,
                fps: schema.fps,
                settings: .dataset,
                maximumSizeInMB: schema.videoFilesSizeInMB
            )
            return (camera, files)
        }
    }

    /// Rows of an episode in one data file, with the file's columns.
    private struct Rows {
        let part: RowSource.Part
        let columns: [String: ParquetColumnValues]
        let tasks: [Int?]
    }

    /// Copies episodes that lie in one file.
    func append(_ episodes: [Episode], of dataset: LeRobotDataset, progress: (Int) -> Void)
        throws(LeRobotError)
    {
        var found: [Int: [Rows]] = [:]
        try dataset.rowSource.forEachFile(of: episodes) { (reader, parts) throws(LeRobotError) in
            var columns: [String: ParquetColumnValues] = [:]
            for name in schema.columns { columns[name] = try reader.column(name) }
            let tasks = dataset.taskNumbers(in: reader)
            for part in parts {
                found[part.episode.index, default: []].append(
                    Rows(part: part, columns: columns, tasks: tasks)
                )
            }
        }
        for episode in episodes {
            let rows = (found[episode.index] ?? []).sorted { $0.part.first < $1.part.first }
            guard rows.reduce(0, { $0 + $1.part.rows.count }) == episode.length else {
                throw .missingFile(
                    dataset.folder.appending(path: dataset.info.dataPath(of: episode.dataFile)).path,
                    needed: "episode \(episode.number) is in it; fetch the file, or leave the episode out"
                )
            }
            try append(episode, rows, of: dataset)
            progress(records.count)
        }
    }

    private func append(_ episode: Episode, _ rows: [Rows], of dataset: LeRobotDataset) throws(LeRobotError) {
        let times = self.times(try dataset.rowSource.times(of: episode) ?? [], of: episode)
        let timestamps = times.map { Float($0) }
        let (rowTasks, texts) = self.tasks(rows, of: episode, in: dataset)
        var values: [ParquetValues] = []
        var numbers: [String: [Float]] = [:]
        for name in schema.columns {
            values.append(
                .rows(rows.compactMap { part in part.columns[name].map { ($0, part.part.rows) } })
            )
            numbers[name] = try floats(name, rows)
        }
        var images: [String: [Image]] = [:]
        for camera in schema.images {
            let copied = try self.images(camera, episode, dataset)
            values.append(.images(copied.cells))
            images[camera] = copied.sampled
        }
        let first = records.last?.episode.rows.upperBound ?? 0
        let index = records.count
        let location = try data.append(
            values,
            timestamps: timestamps,
            episode: index,
            tasks: rowTasks,
            firstRow: first
        )
        let copied = try copyVideos(of: episode, in: dataset, times: times)
        images.merge(copied.sampled) { $1 }
        let written = Episode(
            index: index,
            tasks: texts,
            rows: first ..< first + episode.length,
            dataFile: location,
            videos: copied.segments
        )
        numbers.merge(written.bookkeeping(timestamps: timestamps, tasks: rowTasks)) { $1 }
        let summaries = totals.add(numbers, length: episode.length, images: images)
        records.append(EpisodeRecord(episode: written, summaries: summaries))
    }

    /// Copies the videos of an episode.
    ///
    /// - Returns: Segments by camera, and images for the statistics by colour camera.
    private func copyVideos(
        of episode: Episode,
        in dataset: LeRobotDataset,
        times: [Double]
    ) throws(LeRobotError) -> (segments: [String: Episode.VideoSegment], sampled: [String: [Image]]) {
        var segments: [String: Episode.VideoSegment] = [:]
        var sampled: [String: [Image]] = [:]
        for (camera, files) in videos {
            let isDepth = schema.features[camera]?.isDepth == true
            guard episode.videos[camera] != nil else {
                remarks["\(camera): the camera was not recorded in", default: 0] += 1
                if !isDepth { sampled[camera] = [] }
                continue
            }
            let copied = try files.append(episode, of: dataset, times: times)
            segments[camera] = copied.segment
            if !isDepth { sampled[camera] = copied.images }
        }
        return (segments, sampled)
    }

    /// A numeric column of an episode; nil for texts.
    private func floats(_ name: String, _ rows: [Rows]) throws(LeRobotError) -> [Float]? {
        guard let feature = schema.features[name], feature.isNumeric, !feature.isImage else { return nil }
        var numbers: [Float] = []
        for part in rows {
            for row in part.part.rows {
                numbers += try part.columns[name]?.floats(row: row, width: feature.dimension) ?? []
            }
        }
        return numbers
    }

    /// Seconds of every row from the episode's start: those of the rate, unless the rows have a clock's.
    private func times(_ own: [Double], of episode: Episode) -> [Double] {
        let grid = (0 ..< episode.length).map { Double($0) / schema.fps }
        guard let start = own.first, own.count == grid.count else { return grid }
        let relative = own.map { $0 - start }
        if zip(relative, grid).allSatisfy({ abs($0 - $1) <= Self.gridTolerance }) { return grid }
        guard relative.allSatisfy(\.isFinite), zip(relative, relative.dropFirst()).allSatisfy({ $0 < $1 }),
            (relative.last ?? 0) < Self.longestEpisode
        else {
            remarks[
                "timestamp: the rows' times do not ascend, or by more than a day, and are those of the rate in",
                default: 0
            ] += 1
            return grid
        }
        remarks["timestamp: the rows have a clock's times, off the rate's, which are kept in", default: 0] +=
            1
        return relative
    }

    private func tasks(_ rows: [Rows], of episode: Episode, in dataset: LeRobotDataset) -> ([Int], [String]) {
        let fallback = episode.tasks.first ?? ""
        var texts: [String] = []
        let indices = rows.flatMap { part in
            part.part.rows.map { row in
                let position = part.tasks[row].flatMap(dataset.taskList.position(ofNumber:))
                let text = position.map { dataset.tasks[$0] } ?? fallback
                if texts.last != text, !texts.contains(text) { texts.append(text) }
                return index(of: text)
            }
        }
        if texts.contains("") { remarks["tasks: there is no instruction in", default: 0] += 1 }
        return (indices, texts)
    }

    private func index(of task: String) -> Int {
        if let index = taskIndices[task] { return index }
        taskIndices[task] = tasks.count
        tasks.append(task)
        return tasks.count - 1
    }

    private func images(_ camera: String, _ episode: Episode, _ dataset: LeRobotDataset) throws(LeRobotError)
        -> (cells: [(bytes: Data?, path: String?)], sampled: [Image])
    {
        if imageReaders?.folder != dataset.folder { imageReaders = (dataset.folder, [:]) }
        let column = imageReaders?.columns[camera] ?? ImageColumn(dataset: dataset, camera: camera)
        imageReaders?.columns[camera] = column
        let isDepth = schema.features[camera]?.isDepth == true
        let wanted = Set(FeatureTotals.sampledRows(of: episode.length))
        var cells: [(bytes: Data?, path: String?)] = []
        var sampled: [Image] = []
        for frame in 0 ..< episode.length {
            do throws(LeRobotError) {
                let bytes = try column.storedBytes(episode: episode, frame: frame)
                let isFile = bytes.map { ImageDecoder.codec(of: $0) != nil } ?? false
                let image =
                    isDepth || isFile && !wanted.contains(frame)
                    ? nil : try column.image(episode: episode, frame: frame)
                if let image, wanted.contains(frame) { sampled.append(image) }
                if !isFile, let image {
                    cells.append((try pngBytes(of: image, file: folder), nil))
                } else {
                    cells.append((bytes, nil))
                }
            } catch {
                guard case .unreadable(_, ImageColumn.nullReason) = error else { throw error }
                remarks["\(camera): cells are null in", default: 0] += 1
                cells.append((nil, nil))
            }
        }
        return (cells, sampled)
    }

    /// Writes the metadata.
    func finish() throws(LeRobotError) -> DatasetAssembly.Result {
        try data.finish()
        for (_, files) in videos { try files.finish() }
        let images = schema.images.filter { schema.features[$0]?.isDepth != true }
        try EpisodesFile(records: records, cameras: schema.videos, imageColumns: images).write(to: folder)
        let metadata = MetadataFiles(folder: folder)
        try metadata.write(tasks: tasks)
        try metadata.write(totals.summaries(), cameras: schema.videos + images)
        try metadata.write(info)
        var notes = schema.notes
        if totals.hasBinnedQuantiles { notes.append(FeatureTotals.binningNote) }
        for (camera, files) in videos {
            for (reason, count) in files.encoded.sorted(by: { $0.key < $1.key }) {
                notes.append("\(camera): \(count) episodes were encoded anew: \(reason)")
            }
        }
        notes += remarks.sorted { $0.key < $1.key }.map {
            "\($0.key) \($0.value) \($0.key.hasSuffix("null in") ? "rows" : "episodes")"
        }
        return DatasetAssembly.Result(
            episodes: records.count,
            frames: records.last?.episode.rows.upperBound ?? 0,
            copiedSegments: videos.reduce(0) { $0 + $1.files.copiedCount },
            encodedSegments: videos.reduce(0) { $0 + $1.files.encoded.values.reduce(0, +) },
            notes: notes
        )
    }

    private var info: DatasetInfo {
        var features = schema.features
        for (camera, files) in videos where files.copiedCount == 0 {
            let settings = VideoSettings.dataset
            // Distances keep their pixel format.
            let isDepth = features[camera]?.isDepth == true
            features[camera]?.video?.codec = isDepth ? LosslessEncoder.codec : settings.codec.rawValue
            if !isDepth { features[camera]?.video?.pixelFormat = settings.chroma.rawValue }
        }
        return DatasetInfo(
            robotType: schema.robotType,
            totalEpisodes: records.count,
            totalFrames: records.last?.episode.rows.upperBound ?? 0,
            totalTasks: tasks.count,
            dataFilesSizeInMB: schema.dataFilesSizeInMB,
            videoFilesSizeInMB: schema.videoFilesSizeInMB,
            fps: schema.fps,
            splits: ["train": "0:\(records.count)"],
            dataPath: DatasetInfo.defaultDataPath,
            videoPath: videos.isEmpty ? nil : DatasetInfo.defaultVideoPath,
            features: features.merging(DatasetInfo.bookkeeping) { $1 }
        )
    }
}
