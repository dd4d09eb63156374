import Foundation

/// Features of a dataset that can be copied into a new one.
struct CopiedSchema {
    /// Features by name, without bookkeeping, as the files have them.
    private(set) var features: [String: Feature] = [:]

    let fps: Double
    let robotType: String?
    let dataFilesSizeInMB: Int
    let videoFilesSizeInMB: Int

    /// Descriptions of the features left out.
    private(set) var notes: [String] = []

    private let folder: URL

    /// Names of cameras with videos, sorted.
    var videos: [String] { names { $0.dtype == "video" } }

    /// Names of cameras with image files in Parquet, sorted.
    var images: [String] { names { $0.dtype == "image" } }

    /// Names of columns that are copied as they are, sorted.
    var columns: [String] { names { $0.dtype != "video" && $0.dtype != "image" } }

    private func names(_ isWanted: (Feature) -> Bool) -> [String] {
        features.filter { isWanted($0.value) }.keys.sorted()
    }

    /// - Throws: ``LeRobotError`` where a name of `omitted` is no feature, or a file is damaged.
    init(_ dataset: LeRobotDataset, omitting omitted: Set<String>) throws(LeRobotError) {
        if let unknown = omitted.subtracting(dataset.info.features.keys).min() {
            throw .noSuchFeature(
                unknown,
                expected: "feature",
                available: dataset.info.features.keys.sorted()
            )
        }
        folder = dataset.folder
        fps = dataset.info.fps
        robotType = dataset.info.robotType
        let sizes = 1 ... 1_000_000
        dataFilesSizeInMB = min(max(dataset.info.dataFilesSizeInMB, sizes.lowerBound), sizes.upperBound)
        videoFilesSizeInMB = min(max(dataset.info.videoFilesSizeInMB, sizes.lowerBound), sizes.upperBound)
        let piece = dataset.episodes.lazy.compactMap(\.pieces.first).first
        let reader = try piece.map { (piece) throws(LeRobotError) in
            try ParquetReader(opening: dataset.rowSource.url(piece.file))
        }
        for (name, feature) in dataset.info.features
        where DatasetInfo.bookkeeping[name] == nil && !omitted.contains(name) {
            var feature = feature
            let obstacle: String?
            if feature.dtype == "video" {
                obstacle = try Self.correct(camera: &feature, name, in: dataset)
            } else {
                obstacle = try Self.correct(column: &feature, name, in: reader)
            }
            if let obstacle {
                notes.append("\(name): \(obstacle); left out")
                continue
            }
            if feature.isImage, feature.names == nil, feature.shape.count == 3 {
                feature.names =
                    feature.channels.isFirst
                    ? ["channels", "height", "width"] : ["height", "width", "channels"]
            }
            features[name] = feature
        }
        notes.sort()
    }

    /// Takes the size that a camera's images have; gives the reason why its videos cannot be copied.
    private static func correct(
        camera feature: inout Feature,
        _ name: String,
        in dataset: LeRobotDataset
    ) throws(LeRobotError) -> String? {
        try checkPath(ofCamera: name, in: dataset.folder)
        guard (dataset.cameras + dataset.depthCameras).contains(name) else { return "its videos are absent" }
        let size = try dataset.imageSize(of: name)
        if size != feature.imageSize { feature.shape = [size.height, size.width, 3] }
        return nil
    }

    /// Takes the shape that a column's rows have; gives the reason why they cannot be copied.
    private static func correct(
        column feature: inout Feature,
        _ name: String,
        in reader: ParquetReader?
    ) throws(LeRobotError) -> String? {
        guard let reader, reader.has(name) else { return "the data files have no such column" }
        let type = reader.type(of: name) ?? ""
        let isCopied = feature.dtype == "image" || !type.contains("struct") && !type.contains("map<")
        guard ParquetFieldSpec.Scalar(dtype: feature.dtype) != nil, isCopied else {
            return "columns of type \(feature.dtype) (\(type)) are not copied"
        }
        let isNumbers = try correct(&feature, name, reader)
        return isNumbers ? nil : "its rows are no numbers, or not equally many"
    }

    /// Refuses a camera whose videos would be written outside of the new dataset, such as `../../home`.
    private static func checkPath(ofCamera name: String, in folder: URL) throws(LeRobotError) {
        let steps = name.split(separator: "/", omittingEmptySubsequences: false)
        guard steps.contains(where: { ["", ".", ".."].contains($0) }) else { return }
        throw .wrongField(
            file: folder.appending(path: "meta/info.json").path,
            field: "features",
            expected: "a camera's name that can be a folder's",
            found: "'\(name)'; leave it out with --without"
        )
    }

    /// Takes the number of values that the rows have where `meta/info.json` has another; false where rows differ in it, or are no
    /// numbers.
    private static func correct(_ feature: inout Feature, _ name: String, _ reader: ParquetReader)
        throws(LeRobotError) -> Bool
    {
        guard feature.isNumeric, let group = reader.groups.firstIndex(where: { !$0.isEmpty }) else {
            return true
        }
        let column = try reader.column(name, groups: group ..< group + 1)
        guard let width = column.width else { return true }
        guard width > 0, (try? column.floats(width: width)) != nil else { return false }
        if width != feature.dimension {
            feature.shape = [width]
            if feature.names?.count != width { feature.names = nil }
        }
        return true
    }

    /// Makes sure that another dataset has the same features.
    ///
    /// - Throws: ``LeRobotError/wrongField(file:field:expected:found:)`` that names the first that differs.
    mutating func check(against other: CopiedSchema) throws(LeRobotError) {
        let file = other.folder.appending(path: "meta/info.json").path
        func differ(_ field: String, _ expected: String, _ found: String) -> LeRobotError {
            .wrongField(file: file, field: field, expected: "\(expected), as in \(folder.path)", found: found)
        }
        guard abs(fps - other.fps) < 1e-6 else { throw differ("fps", "\(fps)", "\(other.fps)") }
        for name in Set(features.keys).union(other.features.keys).sorted() {
            let (mine, its) = (features[name], other.features[name])
            func text(_ feature: Feature?) -> String { feature.map { "\($0.dtype)\($0.shape)" } ?? "none" }
            guard let mine, let its, mine.dtype == its.dtype, mine.shape == its.shape else {
                throw differ("features.\(name)", text(mine), text(its))
            }
            if !mine.isImage, let names = mine.names, let others = its.names, names != others {
                throw differ(
                    "features.\(name).names",
                    names.joined(separator: " "),
                    others.joined(separator: " ")
                )
            }
        }
        if robotType != other.robotType {
            notes.append(
                "robot_type: '\(robotType ?? "")' is taken, \(other.folder.path) has '\(other.robotType ?? "")'"
            )
        }
        for note in other.notes where !notes.contains(note) { notes.append(note) }
    }

    /// Columns of the new dataset's Parquet files besides bookkeeping.
    var fields: [ParquetFieldSpec] {
        (columns + images).map { name in
            let feature = features[name] ?? Feature(dtype: "float32", shape: [1])
            let scalar = ParquetFieldSpec.Scalar(dtype: feature.dtype) ?? .float
            return ParquetFieldSpec(name, scalar, Self.layout(of: feature))
        }
    }

    private static func layout(of feature: Feature) -> ParquetFieldSpec.Layout {
        guard feature.dtype != "image", feature.dimension > 1 || feature.shape.count > 1 else {
            return .scalar
        }
        return feature.shape.count == 1 ? .fixedList(feature.dimension) : .lists(feature.shape)
    }
}
