import Foundation
import RobotTypes

/// Images of a camera that lie in data files: bytes of PNG or JPEG, structs of bytes and path, paths of files, raw bytes,
/// or nested lists of levels.
///
/// The newest row group that was read is kept. The encoding is recognised from the cells, not from the metadata.
final class ImageColumn {
    private let dataset: LeRobotDataset
    private let camera: String
    private let decoder = ImageDecoder()
    private var current: (file: Int, reader: ParquetReader)?
    private var group: (file: Int, rows: Range<Int>, cells: ParquetColumnValues, levels: LevelScale?)?
    private var locations: (episode: Int, rows: [(file: Int, row: Int)])?

    init(dataset: LeRobotDataset, camera: String) {
        self.dataset = dataset
        self.camera = camera
    }

    /// Reason of the error about a cell without an image.
    static let nullReason = "the cell is null: the camera has no image there"

    /// Returns true if the first image of a column is one of distances.
    static func holdsDistances(_ camera: String, in reader: ParquetReader) -> Bool {
        guard let group = reader.groups.firstIndex(where: { !$0.isEmpty }), reader.has(camera),
            let cells = try? reader.column(camera, groups: group ..< group + 1)
        else { return false }
        let isStruct = reader.type(of: camera)?.hasPrefix("struct") ?? false
        guard let cells = isStruct ? cells.field("bytes") : cells,
            let bytes = try? cells.data(row: 0)
        else { return false }
        return ImageDecoder.holdsDistances(bytes)
    }

    /// Content of a cell.
    private enum Cell {
        case bytes(Data, name: String)
        case levels([Float], scale: LevelScale)
    }

    /// The image of a frame of an episode.
    func image(episode: Episode, frame: Int) throws(LeRobotError) -> Image {
        let feature = try dataset.feature(ofCamera: camera)
        switch try cell(episode, frame) {
        case .bytes(let bytes, let name):
            if ImageDecoder.codec(of: bytes) != nil { return try decoder.image(bytes, name: name) }
            return try raw(bytes, feature, name: name)
        case .levels(let levels, let scale):
            return try image(levels.map(scale.level), feature, "\(camera)")
        }
    }

    /// Sees whether there is a whole image at a frame, without decoding it.
    ///
    /// - Throws: ``LeRobotError`` where there is none.
    func check(episode: Episode, frame: Int) throws(LeRobotError) {
        guard case .bytes(let bytes, let name) = try cell(episode, frame) else { return }
        guard ImageDecoder.codec(of: bytes) != nil else {
            _ = try raw(bytes, try dataset.feature(ofCamera: camera), name: name)
            return
        }
        guard ImageDecoder.isWhole(bytes) else {
            throw .unreadable(file: name, reason: "the image is damaged: its end is cut off")
        }
    }

    /// The bytes of a frame as they are stored; nil where it is stored as a list of levels.
    func storedBytes(episode: Episode, frame: Int) throws(LeRobotError) -> Data? {
        guard case .bytes(let bytes, _) = try cell(episode, frame) else { return nil }
        return bytes
    }

    /// Distances of a frame of an episode, in a unit of so many metres.
    func depth(episode: Episode, frame: Int, unit: Double) throws(LeRobotError) -> DepthImage {
        let size = try dataset.feature(ofCamera: camera).imageSize
        switch try cell(episode, frame) {
        case .bytes(let bytes, let name): return try decoder.depth(bytes, unit: unit, name: name)
        case .levels(let levels, _):
            guard levels.count == size.height * size.width else {
                throw .noSuchFeature(
                    camera,
                    expected: "camera of one channel",
                    available: dataset.depthCameras
                )
            }
            return DepthImage(width: size.width, height: size.height, metres: levels.map { $0 * Float(unit) })
        }
    }

    private func cell(_ episode: Episode, _ frame: Int) throws(LeRobotError) -> Cell {
        let location = try location(of: frame, in: episode)
        let reader = try reader(location.file)
        guard let number = reader.groups.firstIndex(where: { $0.contains(location.row) }) else {
            throw .outOfRange(what: "row", index: location.row, count: reader.rowCount)
        }
        if group?.file != location.file || group?.rows != reader.groups[number] {
            let cells = try reader.column(camera, groups: number ..< number + 1)
            group = (location.file, reader.groups[number], cells, nil)
        }
        let name = "\(reader.path): '\(camera)', row \(location.row)"
        guard let group else { throw .unreadable(file: name, reason: "no such row") }
        let row = location.row - group.rows.lowerBound
        let type = reader.type(of: camera) ?? ""
        if type.hasPrefix("struct") {
            if let bytes = try group.cells.field("bytes")?.data(row: row), !bytes.isEmpty {
                return .bytes(bytes, name: name)
            }
            let path = try group.cells.field("path")?.text(row: row)
            return try file(path, episode: episode, frame: frame, name: name)
        }
        if type.contains("list") { return try levels(group.cells, row: row, type: type, name: name) }
        guard let bytes = try group.cells.data(row: row) else { throw absent(name) }
        if type.contains("string") {
            return try file(
                String(decoding: bytes, as: UTF8.self),
                episode: episode,
                frame: frame,
                name: name
            )
        }
        return .bytes(bytes, name: name)
    }

    private func absent(_ name: String) -> LeRobotError {
        .unreadable(file: name, reason: Self.nullReason)
    }

    private func levels(_ cells: ParquetColumnValues, row: Int, type: String, name: String)
        throws(LeRobotError) -> Cell
    {
        guard let count = cells.count(row: row) else { throw absent(name) }
        let values = try cells.floats(row: row, width: count)
        guard values.allSatisfy(\.isFinite) else { throw absent(name) }
        if let scale = group?.levels { return .levels(values, scale: scale) }
        // One image may be nearly black: all of the row group say what the levels mean.
        var range = LevelScale.Range()
        for row in LevelScale.isPlain(type) ? 0 ..< 0 : 0 ..< cells.rowCount {
            guard let count = cells.count(row: row) else { continue }
            range.add(try cells.floats(row: row, width: count))
        }
        let scale = LevelScale(type: type, range: range)
        group?.levels = scale
        return .levels(values, scale: scale)
    }

    /// An image file that a cell names; paths are often those of the machine that recorded.
    private func file(_ path: String?, episode: Episode, frame: Int, name: String) throws(LeRobotError)
        -> Cell
    {
        if let path, let bytes = Self.embedded(path) { return .bytes(bytes, name: name) }
        let usual = "images/{image_key}/episode_{episode_index:06d}/frame_{frame_index:06d}.png"
        let location = FileLocation(chunk: 0, file: episode.number)
        var candidates = [DatasetInfo.filled(usual, location, camera: camera, frame: frame)]
        if let path, !path.isEmpty {
            let parts = PathTemplate.parts(ofPath: path)
            let tails = parts.indices.map { parts[$0...].joined(separator: "/") }
            candidates = tails + tails.map { "images/\($0)" } + candidates
        }
        for candidate in candidates {
            let url = dataset.folder.appending(path: candidate)
            if let bytes = try? Data(contentsOf: url) { return .bytes(bytes, name: url.path) }
        }
        if let path, path.hasPrefix("/"), let bytes = try? Data(contentsOf: URL(filePath: path)) {
            return .bytes(bytes, name: path)
        }
        throw .missingFile(
            dataset.folder.appending(path: candidates[0]).path,
            needed: "\(name) has no bytes and names \(path.map { "'\($0)'" } ?? "no file")"
        )
    }

    /// The image that a text holds in base64, with or without `data:` before it; nil for any other text.
    private static func embedded(_ text: String) -> Data? {
        let start = text.hasPrefix("data:") ? text.firstIndex(of: ",").map { text.index(after: $0) } : nil
        let code = text[(start ?? text.startIndex)...]
        guard code.count > 100, let head = Data(base64Encoded: String(code.prefix(32))),
            ImageDecoder.codec(of: head) != nil
        else { return nil }
        return Data(base64Encoded: String(code), options: .ignoreUnknownCharacters)
    }

    private func raw(_ bytes: Data, _ feature: Feature, name: String) throws(LeRobotError) -> Image {
        switch bytes.count {
        case feature.dimension: return try image(Array(bytes), feature, name)
        case feature.dimension * 2:
            // Sixteen bits, lowest byte first: the highest byte is the level.
            return try image(
                stride(from: 1, to: bytes.count, by: 2).map { bytes[bytes.startIndex + $0] },
                feature,
                name
            )
        default:
            throw .unreadable(
                file: name,
                reason: "expected PNG, JPEG or \(feature.dimension) raw bytes of shape \(feature.shape), "
                    + "found \(bytes.count) bytes"
            )
        }
    }

    /// Brings levels of the feature's shape into `[height, width, 3]`.
    private func image(_ levels: [UInt8], _ feature: Feature, _ name: String) throws(LeRobotError) -> Image {
        let (height, width) = feature.imageSize
        let (isFirst, count) = feature.channels
        guard levels.count == height * width * count, count > 0 else {
            throw .unreadable(
                file: name,
                reason:
                    "expected \(feature.dimension) levels of shape \(feature.shape), found \(levels.count)"
            )
        }
        var pixels = [UInt8](repeating: 0, count: height * width * 3)
        for pixel in 0 ..< height * width {
            for channel in 0 ..< 3 {
                let source = count < 3 ? 0 : channel
                pixels[pixel * 3 + channel] =
                    levels[isFirst ? source * height * width + pixel : pixel * count + source]
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    private func location(of frame: Int, in episode: Episode) throws(LeRobotError) -> (file: Int, row: Int) {
        if locations?.episode != episode.index {
            var rows = [(file: Int, row: Int)?](repeating: nil, count: episode.length)
            try dataset.rowSource.forEachFile(of: [episode]) { (reader, parts) throws(LeRobotError) in
                for part in parts {
                    for (offset, row) in part.rows.enumerated() {
                        rows[part.first + offset] = (part.file, row)
                    }
                }
            }
            locations = (episode.index, rows.compactMap(\.self))
        }
        guard let locations, locations.rows.indices.contains(frame) else {
            throw .missingFile(
                dataset.folder.appending(path: dataset.info.dataPath(of: episode.dataFile)).path,
                needed: "episode \(episode.index) is in it"
            )
        }
        return locations.rows[frame]
    }

    private func reader(_ file: Int) throws(LeRobotError) -> ParquetReader {
        if let current, current.file == file { return current.reader }
        let reader = try ParquetReader(opening: dataset.rowSource.url(file))
        current = (file, reader)
        return reader
    }
}
