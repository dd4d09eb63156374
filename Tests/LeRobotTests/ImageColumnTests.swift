import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import LeRobot

@Suite("Images in Parquet")
struct ImageColumnTests {
    private let camera = "observation.images.front"
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func image(_ number: Int) -> Image { SampleDataset(lengths: []).image(of: number + 100) }

    private func png(_ number: Int) throws -> Data {
        let file = folder.appending(path: "\(number).png")
        try writePNG(image(number), to: file)
        return try Data(contentsOf: file)
    }

    /// A GIF file of two colours, whose codes are never longer than a byte.
    private func gif(_ number: Int) -> Data {
        let dark: [UInt8] = [40, 40, 40]
        let bright: [UInt8] = [210, 210, 210]
        let palette = dark + bright + [UInt8](repeating: 0, count: 126 * 3)
        var bytes: [UInt8] = Array("GIF89a".utf8) + [64, 0, 48, 0, 0xF6, 0, 0] + palette
        bytes += [0x2C, 0, 0, 0, 0, 64, 0, 48, 0, 0, 7]
        let (clear, end): (UInt8, UInt8) = (128, 129)
        var codes: [UInt8] = []
        for (position, level) in image(number).pixels.enumerated() where position % 3 == 0 {
            if position / 3 % 100 == 0 { codes.append(clear) }
            codes.append(level == 210 ? 1 : 0)
        }
        codes.append(end)
        for start in stride(from: 0, to: codes.count, by: 255) {
            let block = codes[start ..< min(start + 255, codes.count)]
            bytes += [UInt8(block.count)] + block
        }
        return Data(bytes + [0, 0x3B])
    }

    private func check(_ type: String, dtype: String = "image", shape: [Int] = [48, 64, 3], _ cells: [Any?])
        throws
    {
        var recording = OddRecording("v2.1", lengths: [4, 3])
        recording.set(camera, type, cells)
        recording.setFeature(camera, #"{"dtype": "\#(dtype)", "shape": \#(shape), "names": null}"#)
        recording.rowsOfGroup = 3
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.cameras == [camera])
        let store = try FrameStore(dataset: dataset)
        var pixels = [UInt8](repeating: 0, count: 48 * 64 * 3)
        for row in [6, 0, 3, 4] {
            let found = try dataset.frame(at: row, camera: camera)
            #expect(found == image(row))
            try pixels.withUnsafeMutableBufferPointer {
                try store.pixels(camera: camera, frame: row, into: $0)
            }
            #expect(pixels == found.pixels)
        }
    }

    @Test("are read from PNG in structs and in plain bytes", arguments: ["image", "bytes"])
    func encoded(type: String) throws {
        let bytes = try (0 ..< 7).map { try png($0).base64EncodedString() }
        try check(type, bytes.map { type == "image" ? ["bytes": $0, "path": "x.png"] : $0 })
    }

    @Test("are read from GIF, and copied as they are", arguments: ["image", "bytes"])
    func gif(type: String) throws {
        let bytes = (0 ..< 7).map { gif($0).base64EncodedString() }
        try check(type, bytes.map { type == "image" ? ["bytes": $0, "path": "x.gif"] : $0 })
        let out = folder.appending(path: "out")
        let source = try LeRobotDataset(opening: folder.dataset)
        _ = try DatasetAssembly([.init(dataset: source)]).write(to: out)
        let reader = try ParquetReader(opening: out.appending(path: "data/chunk-000/file-000.parquet"))
        #expect(try reader.column(camera).field("bytes")?.data(row: 5) == gif(5))
        #expect(try LeRobotDataset(opening: out).frame(at: 5, camera: camera) == image(5))
        #expect(DatasetCheck.findings(of: out).isEmpty)
    }

    @Test("of a GIF that was cut off are named with their row")
    func cutGIF() throws {
        var recording = OddRecording("v2.1", lengths: [2])
        let cells = [gif(0), gif(1).prefix(1500)].map { $0.base64EncodedString() }
        recording.set(camera, "bytes", cells)
        recording.setFeature(camera, #"{"dtype": "image", "shape": [48, 64, 3]}"#)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try dataset.frame(at: 0, camera: camera) == image(0))
        let name = "episode_000000.parquet: '\(camera)', row 1"
        let error = #expect(throws: LeRobotError.self) { try dataset.frame(at: 1, camera: camera) }
        #expect(error?.description.contains("\(name): cannot be read: the image is damaged") == true)
        let findings = DatasetCheck.findings(of: folder.dataset).filter { $0.field == camera }
        #expect(findings.map(\.text) == ["cannot be read: the image is damaged: its end is cut off"])
    }

    @Test(
        "are read from files that cells name, also by the path of another machine",
        arguments: ["image", "text"]
    )
    func paths(type: String) throws {
        try FileManager.default.createDirectory(
            at: folder.dataset.appending(path: "images/front"),
            withIntermediateDirectories: true
        )
        let cells = try (0 ..< 7).map { row -> Any in
            try png(row).write(to: folder.dataset.appending(path: "images/front/\(row).png"))
            let path = "/home/someone/set/images/front/\(row).png"
            return type == "image" ? ["bytes": NSNull(), "path": path] : path
        }
        try check(type, cells)
    }

    @Test("are read from raw bytes")
    func raw() throws {
        try check("bytes", (0 ..< 7).map { Data(image($0).pixels).base64EncodedString() })
    }

    @Test(
        "are read from nested lists of levels, channels last or first",
        arguments: [true, false],
        ["uint8", "image"]
    )
    func lists(isLast: Bool, dtype: String) throws {
        let cells = (0 ..< 7).map { row -> [[[Any]]] in
            let pixels = image(row).pixels
            func level(_ y: Int, _ x: Int, _ c: Int) -> Any {
                let level = Int(pixels[(y * 64 + x) * 3 + c])
                return dtype == "image" ? Double(level) / 255 : level
            }
            return isLast
                ? (0 ..< 48).map { y in (0 ..< 64).map { x in (0 ..< 3).map { level(y, x, $0) } } }
                : (0 ..< 3).map { c in (0 ..< 48).map { y in (0 ..< 64).map { level(y, $0, c) } } }
        }
        let type = dtype == "image" ? "[[[double]]]" : "[[[uint8]]]"
        try check(type, dtype: dtype, shape: isLast ? [48, 64, 3] : [3, 48, 64], cells)
    }

    @Test("are read from base64")
    func base64() throws {
        try check("text", (0 ..< 7).map { try png($0).base64EncodedString() })
        try check("text", (0 ..< 7).map { "data:image/png;base64,\(try png($0).base64EncodedString())" })
    }

    @Test("are not looked for outside of the folder")
    func outside() throws {
        try png(0).write(to: folder.url.appending(path: "secret.png"))
        var recording = OddRecording("v2.1", lengths: [1])
        recording.set(camera, "text", ["../secret.png"])
        recording.setFeature(camera, #"{"dtype": "image", "shape": [48, 64, 3]}"#)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(throws: LeRobotError.self) { try dataset.frame(at: 0, camera: camera) }
    }

    @Test(
        "have levels by their type and the range of all",
        arguments: [
            ("list<element: float>", [0, 1], 0.5, 128),
            ("list<element: double>", [0, 255], 1, 1),
            ("list<element: float>", [-1, 1], 0, 128), ("list<element: int16>", [0, 255], 77, 77),
            ("list<element: uint16>", [0, 65535], 257 * 9, 9), ("list<element: int64>", [0, 1], 1, 1),
            ("list<element: float>", [0, 1e30], 1e30, 255), ("list<element: float>", [-1e30, 9], -1e30, 0),
        ] as [(String, [Float], Float, UInt8)]
    )
    func levels(type: String, range: [Float], value: Float, level: UInt8) {
        var found = LevelScale.Range()
        found.add(range)
        #expect(LevelScale(type: type, range: found).level(value) == level)
    }

    @Test("of 16 bits and one channel are distances, whatever their name")
    func distances() throws {
        var recording = OddRecording("v2.1", lengths: [1])
        // One pixel of level 1000.
        let bytes =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABEAAAAABq7kcWAAAAC0lEQVR4nGNgfgEAAPEA7CzrNy4AAAAASUVORK5CYII="
        recording.set(camera, "image", [["bytes": bytes, "path": nil]])
        recording.setFeature(camera, #"{"dtype": "image", "shape": [1, 1, 1]}"#)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.cameras.isEmpty)
        #expect(try dataset.depthFrame(at: 0, camera: camera).metres == [1])
    }

    @Test("that are null, damaged or none are named with their row")
    func damaged() throws {
        var recording = OddRecording("v2.1", lengths: [4])
        let bytes = try png(0)
        recording.set(
            camera,
            "bytes",
            [
                bytes.base64EncodedString(), nil, bytes.prefix(90).base64EncodedString(),
                Data("hello".utf8).base64EncodedString(),
            ]
        )
        recording.setFeature(camera, #"{"dtype": "image", "shape": [48, 64, 3]}"#)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try dataset.frame(at: 0, camera: camera) == image(0))
        let findings = DatasetCheck.findings(of: folder.dataset).filter { $0.field == camera }
        #expect(findings.map(\.text.description).contains { $0.contains("2 more rows have no whole image") })
        for (row, reason) in [
            (1, "the cell is null"), (2, "the image is damaged"), (3, "expected PNG, JPEG or 9216 raw bytes"),
        ] {
            let error = #expect(throws: LeRobotError.self) { try dataset.frame(at: row, camera: camera) }
            #expect(error?.description.contains("'\(camera)', row \(row): cannot be read: \(reason)") == true)
        }
    }
}
