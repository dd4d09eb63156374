import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import LeRobot

@Suite("Checks and repairs of datasets")
struct DatasetCheckTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Findings, the same of one process and of three.
    private var findings: [String] {
        let findings = DatasetCheck.findings(of: folder.dataset)
        let parts = (0 ..< 3).map { DatasetCheck.part(of: folder.dataset, rank: $0, of: 3) }
        #expect(DatasetCheck.findings(of: folder.dataset, joining: parts) == findings)
        return findings.map {
            "\($0.severity) \(URL(filePath: $0.file).lastPathComponent) \($0.field ?? "") \($0.text)"
        }
    }

    @Test("find nothing wrong in what is right")
    func clean() throws {
        try SampleDataset(lengths: [7, 5], cameras: ["front"]).write(to: folder.dataset)
        #expect(findings.isEmpty)
    }

    @Test("name file, row and value of wrong rows")
    func rows() throws {
        var recording = OddRecording()
        recording.set("index", "int64", [0, 1, 2, 3, 9, 10, 11])
        recording.set("task_index", "int64", [0, 0, 0, 0, 0, 4, 0])
        recording.set("timestamp", "float", [0, 0.1, 0.1, 0.3, 0, 0.1, 0.2])
        recording.set(
            "action",
            "[float]",
            (0 ..< 7).map { [Double($0), $0 == 5 ? nil : 1, 2] as [Double?] }
        )
        try recording.write(to: folder.dataset)
        let found = findings
        #expect(
            found.contains(
                "error file-000.parquet index row 4 (frame 0 of episode 1): expected 4, found 9; 2 more rows differ"
            )
        )
        #expect(
            found.contains(
                "error file-000.parquet task_index row 5 of episode 1: expected a task of the dataset, found 4"
            )
        )
        #expect(
            found.contains {
                $0.hasPrefix("error file-000.parquet timestamp row 2 of episode 0: expected a time after 0.1")
            }
        )
        #expect(
            found.contains(
                "error file-000.parquet action row 5, column 1 (episode) (frame 1 of episode 1): expected a finite "
                    + "number, found null"
            )
        )
    }

    @Test("compare totals and statistics with the rows")
    func metadata() throws {
        var recording = OddRecording()
        recording.setInfo("total_frames", "9")
        recording.texts.append(
            (
                "meta/stats.json",
                #"{"action": {"min": [0, 0, 0], "max": [6, 1, 3], "mean": [3, 0.4, 1], "std": [2, 0.5, 1]}}"#
            )
        )
        try recording.write(to: folder.dataset)
        let found = findings
        #expect(found.contains("warning info.json total_frames is 9, the dataset has 7"))
        #expect(found.contains { $0.hasPrefix("warning stats.json action.mean column 1: expected 0.428") })
        #expect(
            found.contains(
                "warning stats.json observation.state expected statistics of this feature, found none"
            )
        )
    }

    @Test("name an episode whose video lacks frames, which repair leaves out")
    func video() throws {
        let camera = "observation.images.front"
        var recording = OddRecording(lengths: [7, 8])
        recording.addCamera(camera, from: [0, 0.7], to: [0.7, 1.5])
        try recording.write(to: folder.dataset)
        let file = folder.dataset.appending(path: "videos/\(camera)/chunk-000/file-000.mp4")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        let golden = Bundle.module.bundleURL.appending(path: "Golden/videos/shifted.mp4")
        try FileManager.default.copyItem(at: golden, to: file)
        #expect(
            findings.contains {
                $0.hasPrefix(
                    "error file-000.mp4 \(camera) episode 1: expected a frame for each of 8 rows, found none for 3, the "
                        + "first is row 5; the file has 12 frames"
                )
            }
        )
        let repair = try DatasetRepair(opening: folder.dataset)
        #expect(repair.leftOut.map(\.episode) == [1])
        let out = folder.appending(path: "out")
        _ = try DatasetAssembly([repair.part]).write(to: out)
        #expect(DatasetCheck.findings(of: out).isEmpty)
        #expect(try LeRobotDataset(opening: out).episodes.map(\.length) == [7])
    }

    @Test("a recording without a list of episodes is repaired from its rows")
    func unlisted() throws {
        for version in ["v2.1", "v3.0"] {
            let source = folder.appending(path: version)
            var recording = OddRecording(version)
            recording.set("index", "int64", [5, 6, 7, 8, 0, 1, 2])
            try recording.write(to: source)
            let list = version == "v2.1" ? "meta/episodes.jsonl" : "meta/episodes"
            try FileManager.default.removeItem(at: source.appending(path: list))
            let repair = try DatasetRepair(opening: source)
            #expect(repair.leftOut.isEmpty)
            let out = folder.appending(path: "out-\(version)")
            _ = try DatasetAssembly([repair.part]).write(to: out)
            #expect(DatasetCheck.findings(of: out).isEmpty)
            let written = try LeRobotDataset(opening: out)
            #expect(written.episodes.map(\.length) == [4, 3])
            #expect(written.tasks == ["do it"])
            #expect(try written.loadTable().rowsSeen == [0, 1, 2, 3, 4, 5, 6])
        }
    }

    @Test("an episode whose rows cannot be put in order costs no other one of its file")
    func disordered() throws {
        var recording = OddRecording(lengths: [4, 3, 5])
        recording.set("frame_index", "int64", [0, 1, 2, 3, 0, 0, 2, 0, 1, 2, 3, 4])
        try recording.write(to: folder.dataset)
        let repair = try DatasetRepair(opening: folder.dataset)
        #expect(repair.part.episodes == [0, 2])
        #expect(repair.leftOut.map(\.episode) == [1])
        let out = folder.appending(path: "out")
        _ = try DatasetAssembly([repair.part]).write(to: out)
        #expect(DatasetCheck.findings(of: out).isEmpty)
        #expect(try LeRobotDataset(opening: out).loadTable().rowsSeen == [0, 1, 2, 3, 7, 8, 9, 10, 11])
    }

    @Test("a file without a footer is one error, and costs its episodes alone")
    func interrupted() throws {
        try OddRecording("v2.1", lengths: [4, 3, 5]).write(to: folder.dataset)
        let file = folder.dataset.appending(path: "data/chunk-000/episode_000002.parquet")
        let bytes = try Data(contentsOf: file)
        try bytes.prefix(bytes.count - 20).write(to: file)
        let found = findings.filter { $0.hasPrefix("error") }
        #expect(found.count == 1)
        #expect(found.first?.contains("episode_000002.parquet") == true)
        let repair = try DatasetRepair(opening: folder.dataset)
        #expect(repair.part.episodes == [0, 1])
        #expect(repair.leftOut.map(\.episode) == [2])
    }

    @Test("statistics are those of the rows")
    func statistics() throws {
        try OddRecording().write(to: folder.dataset)
        let statistics = try DatasetStatistics(of: try LeRobotDataset(opening: folder.dataset))
        let action = try #require(statistics.features["action"])
        #expect(action.count == [7])
        #expect(action.min == [0, 0, 0])
        #expect(action.max == [6, 1, 3])
        #expect(action.q50[0] == 3)
        #expect(action.mean[0] == 3)
        #expect(abs(action.std[0] - 2) < 1e-12)
    }

    @Test("statistics of images are the same, counted by one process or by several")
    func imageParts() throws {
        try SampleDataset(lengths: [7, 5, 2, 9], cameras: ["front", "side"]).write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        let parts = try (0 ..< 3).map { try DatasetStatistics.ImagePart(of: dataset, rank: $0, of: 3) }
        let one = try DatasetStatistics(of: dataset)
        let three = try DatasetStatistics(of: dataset, images: parts)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        #expect(one.features["front"] != nil)
        #expect(try encoder.encode(one) == encoder.encode(three))
    }

    @Test("merged summaries have exact moments")
    func merged() throws {
        let values: [Float] = [1, 5, 2, 8, 3, 3, 9]
        let whole = ColumnSummary(values, dimension: 1)
        let parts = [values[..<3], values[3...]].map { ColumnSummary(Array($0), dimension: 1) }
        let merged = try #require(ColumnSummary(merging: parts))
        #expect(merged.count == 7)
        #expect(merged.min == whole.min && merged.max == whole.max)
        #expect(abs(merged.mean[0] - whole.mean[0]) < 1e-12)
        #expect(abs(merged.std[0] - whole.std[0]) < 1e-12)
    }
}
