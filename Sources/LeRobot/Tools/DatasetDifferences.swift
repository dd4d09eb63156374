import Foundation
import RobotTypes

/// Differences of two datasets that are to be used together.
///
/// Rates, features and names are those of the metadata; ranges of numbers, and with them units, are those of the rows.
public struct DatasetDifferences {
    /// Findings, in order; a difference that may be meant is a note.
    public private(set) var findings: [DatasetFinding] = []

    private let one: LeRobotDataset
    private let other: LeRobotDataset

    /// Compares the datasets.
    ///
    /// - Throws: ``LeRobotError`` when a file is damaged.
    public init(_ one: LeRobotDataset, _ other: LeRobotDataset) throws(LeRobotError) {
        (self.one, self.other) = (one, other)
        compareMetadata()
        for name in one.info.features.keys.sorted() where DatasetInfo.bookkeeping[name] == nil {
            guard let first = one.info.features[name], let second = other.info.features[name] else {
                continue
            }
            if first.isImage || second.isImage {
                compareCameras(name, first, second)
            } else if first.isNumeric, second.isNumeric {
                compareColumns(name, first, second)
            }
        }
        try compareRanges()
        compareColors()
    }

    private mutating func add(_ severity: DatasetFinding.Severity, _ field: String, _ text: String) {
        findings.append(
            DatasetFinding(severity: severity, file: other.folder.path, field: field, text: text)
        )
    }

    private var pair: String { "in \(one.folder.path) and" }

    private mutating func compareMetadata() {
        if one.info.fps != other.info.fps {
            add(
                .warning,
                "fps",
                "\(one.info.fps) \(pair) \(other.info.fps) here: chunks of equal steps last for different times"
            )
        }
        if let first = one.info.robotType, let second = other.info.robotType, first != second {
            add(.note, "robot_type", "'\(first)' \(pair) '\(second)' here")
        }
        let (first, second) = (Set(one.info.features.keys), Set(other.info.features.keys))
        for name in first.subtracting(second).sorted() {
            add(severity(ofAbsent: name), name, "a feature of \(one.folder.path), but not here")
        }
        for name in second.subtracting(first).sorted() {
            add(severity(ofAbsent: name), name, "a feature here, but not in \(one.folder.path)")
        }
    }

    private func severity(ofAbsent name: String) -> DatasetFinding.Severity {
        name.hasPrefix("action") || name.hasPrefix("observation") ? .warning : .note
    }

    private mutating func compareCameras(_ name: String, _ first: Feature, _ second: Feature) {
        guard first.isImage, second.isImage, first.isDepth == second.isDepth else {
            func kind(_ feature: Feature) -> String {
                feature.isImage ? feature.isDepth ? "distances" : "images" : "numbers"
            }
            return add(.warning, name, "\(kind(first)) \(pair) \(kind(second)) here")
        }
        guard first.imageSize != second.imageSize else { return }
        let sizes = [first, second].map { "\($0.imageSize.height) x \($0.imageSize.width)" }
        add(.note, name, "images of \(sizes[0]) \(pair) \(sizes[1]) here")
    }

    private mutating func compareColumns(_ name: String, _ first: Feature, _ second: Feature) {
        guard first.dimension == second.dimension else {
            return add(
                .warning,
                name,
                "\(first.dimension) columns \(pair) \(second.dimension) here: another space"
            )
        }
        guard let names = first.names, let others = second.names, names != others else { return }
        let isReordered = names.sorted() == others.sorted()
        add(
            .warning,
            name,
            "columns \(names.joined(separator: ", ")) \(pair) \(others.joined(separator: ", ")) here"
                + (isReordered ? ": the same names in another order" : "")
        )
    }

    /// Columns of one name whose values differ so much that their units cannot be the same.
    private mutating func compareRanges() throws(LeRobotError) {
        let (first, second) = (try Self.ranges(of: one), try Self.ranges(of: other))
        for (name, ranges) in first.sorted(by: { $0.key < $1.key }) {
            guard let others = second[name], others.count == ranges.count else { continue }
            let names = one.info.features[name]?.names
            for column in ranges.indices {
                let sizes = [ranges[column], others[column]].map {
                    max(abs($0.lowerBound), abs($0.upperBound))
                }
                // A column at rest says nothing about its unit.
                guard let least = sizes.min(), let most = sizes.max(), least > 1e-3, most > 15 * least else {
                    continue
                }
                let title = names.flatMap { column < $0.count ? " (\($0[column]))" : nil } ?? ""
                add(
                    .warning,
                    name,
                    "column \(column)\(title): \(Self.text(ranges[column])) \(pair) \(Self.text(others[column])) here; "
                        + "do the units differ\(Self.unitGuess(most / least))?"
                )
            }
        }
    }

    private static func text(_ range: ClosedRange<Double>) -> String {
        "\(Float(range.lowerBound)) ... \(Float(range.upperBound))"
    }

    /// Units whose ratio is near `ratio`, in words.
    private static func unitGuess(_ ratio: Double) -> String {
        switch ratio {
        case 30 ..< 80: " (degrees and radians?)"
        case 80 ..< 150: " (0 ... 100 and 0 ... 1, or cm and m?)"
        case 500 ..< 2000: " (mm and m?)"
        default: ""
        }
    }

    private static func ranges(
        of dataset: LeRobotDataset
    ) throws(LeRobotError) -> [String: [ClosedRange<Double>]] {
        let names = dataset.info.features.filter {
            $0.value.isNumeric && !$0.value.isImage && DatasetInfo.bookkeeping[$0.key] == nil
        }.keys
        let table = try dataset.loadTable(features: names.sorted())
        return table.columns.compactMapValues { column in
            var summary = RunningSummary(dimension: column.dimension)
            for row in 0 ..< column.values.count / column.dimension {
                let cells = column.values[row * column.dimension ..< (row + 1) * column.dimension]
                if cells.allSatisfy(\.isFinite) { summary.add(cells) }
            }
            return summary.ranges
        }
    }

    /// Cameras of one name whose images have other colours.
    ///
    /// Cells of the mean images are compared, as red and blue may balance over a whole image.
    private mutating func compareColors() {
        for camera in one.cameras where other.cameras.contains(camera) {
            // `DatasetCheck` reports images that cannot be decoded.
            guard let first = try? MeanImage(of: camera, in: one),
                let second = try? MeanImage(of: camera, in: other)
            else { continue }
            let (plain, swapped) = (first.distance(from: second), first.distance(from: second.swapped))
            if plain > 4, swapped < plain / 2 {
                add(
                    .note,
                    camera,
                    "red and blue look swapped: the mean images \(pair) here differ by \(Self.text(plain)) of 255, and by "
                        + "\(Self.text(swapped)) with the two exchanged"
                )
            } else if plain > 48 {
                add(
                    .note,
                    camera,
                    "the mean images \(pair) here differ by \(Self.text(plain)) of 255: another light, view or colour space"
                )
            }
        }
    }

    private static func text(_ level: Double) -> String { "\((level * 10).rounded() / 10)" }
}

/// Mean of images from all over a dataset, in 32 x 32 cells of red, green and blue, 0 to 255.
private struct MeanImage {
    private static let side = 32
    private var cells: [Double]

    /// Samples four images of each of eight episodes.
    ///
    /// - Throws: ``LeRobotError`` where no image can be read.
    init(of camera: String, in dataset: LeRobotDataset) throws(LeRobotError) {
        let (side, reader, count) = (Self.side, FrameReader(dataset), dataset.episodes.count)
        var sums = [Double](repeating: 0, count: side * side * 3)
        var counts = [Double](repeating: 0, count: side * side)
        for index in Set((0 ..< 8).map { $0 * count / 8 }).sorted() where index < count {
            let episode = dataset.episodes[index]
            guard dataset.info.features[camera]?.dtype != "video" || episode.videos[camera] != nil else {
                continue
            }
            for row in Set((0 ..< 4).map { $0 * episode.length / 4 }).sorted() {
                for image in try reader.images(camera: camera, episode: episode, frames: row ..< row + 1) {
                    for pixel in 0 ..< image.width * image.height {
                        let (y, x) = (pixel / image.width, pixel % image.width)
                        let cell = y * side / image.height * side + x * side / image.width
                        counts[cell] += 1
                        for channel in 0 ..< 3 {
                            sums[cell * 3 + channel] += Double(image.pixels[pixel * 3 + channel])
                        }
                    }
                }
            }
        }
        guard counts.contains(where: { $0 > 0 }) else {
            throw .noSuchFeature(camera, expected: "camera with images", available: dataset.cameras)
        }
        cells = sums.indices.map { sums[$0] / max(counts[$0 / 3], 1) }
    }

    /// Red and blue exchanged.
    var swapped: MeanImage {
        var result = self
        result.cells = cells.indices.map { cells[$0 / 3 * 3 + 2 - $0 % 3] }
        return result
    }

    /// Mean difference of the cells' red and blue.
    func distance(from other: MeanImage) -> Double {
        let differences = cells.indices.filter { $0 % 3 != 1 }.map { abs(cells[$0] - other.cells[$0]) }
        return differences.reduce(0, +) / Double(differences.count)
    }
}
