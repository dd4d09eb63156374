import Foundation
import LeRobot
import TemporaryFolder
import Testing

@Suite("Broken input")
struct BrokenInputTests {
    let camera = "observation.images.front"

    /// Writes a dataset, lets `damage` break it, and gives the error of opening and reading it all.
    private func error(damage: (URL) throws -> Void) throws -> String {
        let folder = try TemporaryFolder()
        try SampleDataset(lengths: [9, 30], cameras: [camera]).write(to: folder.dataset)
        try damage(folder.dataset)
        do throws(LeRobotError) {
            let dataset = try LeRobotDataset(opening: folder.dataset)
            let table = try dataset.loadTable()
            for column in table.columns.values { try table.check(column) }
            for episode in dataset.episodes {
                _ = try dataset.frames(episode: episode.index, camera: camera)
            }
            return "no error"
        } catch {
            return error.description.replacing(folder.dataset.path + "/", with: "")
        }
    }

    /// Keeps the first part of a file.
    private func cut(_ file: URL, to share: Double) throws {
        let data = try Data(contentsOf: file)
        try data.prefix(Int(Double(data.count) * share)).write(to: file)
    }

    private func replace(_ text: String, with other: String, in folder: URL) throws {
        let file = folder.appending(path: "meta/info.json")
        let content = try String(contentsOf: file, encoding: .utf8)
        #expect(content.contains(text))
        try content.replacing(text, with: other).write(to: file, atomically: true, encoding: .utf8)
    }

    @Test("a folder that is missing or no dataset is named")
    func noDataset() throws {
        let folder = try TemporaryFolder()
        let (missing, empty) = (folder.dataset, folder.url)
        #expect(throws: LeRobotError.noSuchFolder(missing.path)) { try LeRobotDataset(opening: missing) }
        #expect(throws: LeRobotError.notADataset(empty.path, hint: nil)) {
            try LeRobotDataset(opening: empty)
        }
    }

    @Test("a version that the files are not of is named, with the way out")
    func otherVersion() throws {
        let message = try error { try replace("\"v3.0\"", with: "\"v2.1\"", in: $0) }
        #expect(
            message.hasPrefix(
                "meta/info.json: field 'codebase_version': expected the version of the files present, v3.0"
            )
        )
        #expect(message.contains("set the field to 'v3.0', or convert"))
        let old = try error { try replace("\"v3.0\"", with: "\"v1.6\"", in: $0) }
        #expect(old.contains("expected v2.0, v2.1 or v3.0, found 'v1.6'; convert"))
    }

    @Test("a field of the wrong type is named")
    func wrongType() throws {
        let fps = try error { try replace("\"fps\" : 20", with: "\"fps\" : \"fast\"", in: $0) }
        #expect(
            fps
                == "meta/info.json: field 'fps': expected a number of frames a second from 1e-6 to 1e6, found 'fast'"
        )
        let slow = try error { try replace("\"fps\" : 20", with: "\"fps\" : 1e-300", in: $0) }
        #expect(slow.hasPrefix("meta/info.json: field 'fps': expected a number of frames a second from 1e-6"))
        let missing = try error { try replace("\"features\"", with: "\"feature\"", in: $0) }
        #expect(missing.hasPrefix("meta/info.json: field 'features': expected an object"))
    }

    @Test(
        "a file that is missing is named",
        arguments: [
            "meta/episodes/chunk-000/file-000.parquet",
            "videos/observation.images.front/chunk-000/file-000.mp4",
        ]
    )
    func missing(file: String) throws {
        let message = try error { try FileManager.default.removeItem(at: $0.appending(path: file)) }
        #expect(message.hasPrefix("\(file): no such file"))
    }

    @Test(
        "a Parquet file cut off anywhere is named",
        arguments: [
            "meta/episodes/chunk-000/file-000.parquet",
            "data/chunk-000/file-000.parquet",
        ],
        [0, 0.001, 0.5, 0.99]
    )
    func cutParquet(file: String, share: Double) throws {
        let message = try error { try cut($0.appending(path: file), to: share) }
        #expect(message.hasPrefix("\(file): cannot be read: "))
    }

    @Test("a damaged Parquet page is found by its checksum")
    func damagedPage() throws {
        let file = "data/chunk-000/file-000.parquet"
        let message = try error { folder in
            var data = try Data(contentsOf: folder.appending(path: file))
            for index in 60 ..< 100 { data[index] ^= 0x5a }
            try data.write(to: folder.appending(path: file))
        }
        #expect(message.hasPrefix("\(file): field 'action': expected a readable column"))
    }

    @Test(
        "numbers of rows that contradict each other are named",
        arguments: [[0x16, 39 << 1, 0x19], [0x16, 30 << 1, 0x26]] as [[UInt8]]
    )
    func rowCounts(field: [UInt8]) throws {
        // In Thrift's compact form: a field of 64 bits with the rows of the file or of the second group, and the next field.
        let file = "data/chunk-000/file-000.parquet"
        let message = try error { folder in
            var data = try Data(contentsOf: folder.appending(path: file))
            let last = (0 ..< data.count - 2).last { Array(data[$0 ..< $0 + 3]) == field }
            let position = try #require(last)
            data[position + 1] = 7  // -4
            try data.write(to: folder.appending(path: file))
        }
        #expect(message.hasPrefix("\(file): cannot be read: the footer promises"))
    }

    @Test(
        "a video cut off anywhere is named, with the frame where it ends",
        arguments: [0, 0.02, 0.3, 0.5, 0.8, 0.95, 0.999]
    )
    func cutVideo(share: Double) throws {
        let file = "videos/\(camera)/chunk-000/file-000.mp4"
        let message = try error { try cut($0.appending(path: file), to: share) }
        #expect(message.hasPrefix("\(file): "))
        if share >= 0.95 { #expect(message.contains(" of episode 1, frame ")) }
    }
}
