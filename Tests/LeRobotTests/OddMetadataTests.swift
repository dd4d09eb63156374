import Foundation
import TemporaryFolder
import Testing

@testable import LeRobot

@Suite("Odd metadata")
struct OddMetadataTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes other JSON for `fps`.
    private func setRate(_ json: String) throws {
        try folder.change("dataset/meta/info.json") {
            let text = String(decoding: $0, as: UTF8.self)
            return Data(text.replacing(/"fps": [^\n]*,/, with: "\"fps\": \(json),").utf8)
        }
    }

    private func wrongRate(_ found: String) -> LeRobotError {
        .wrongField(
            file: folder.dataset.appending(path: "meta/info.json").path,
            field: "fps",
            expected: "a number of frames a second from 1e-6 to 1e6",
            found: found
        )
    }

    private func addCameras(_ recording: inout OddRecording) {
        recording.setFeature(
            "top",
            #"{"dtype": "video", "shape": [48, 64, 3], "video_info": {"video.fps": 5}}"#
        )
        recording.setFeature(
            "front",
            #"{"dtype": "video", "shape": [48, 64, 3], "info": {"video.fps": 12.5}}"#
        )
    }

    @Test("without fps have the fastest camera's, which is said", arguments: [nil, "null"])
    func cameraRate(fps: String?) throws {
        var recording = OddRecording("v2.1")
        recording.setInfo("fps", fps)
        addCameras(&recording)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.info.fps == 12.5)
        let warning = dataset.warnings.first { $0.field == "fps" }
        #expect(warning?.file == folder.dataset.appending(path: "meta/info.json").path)
        #expect(warning?.text == "is absent; the cameras' 12.5 is taken")
    }

    @Test("without fps or a camera's are refused, and so are impossible ones")
    func noRate() throws {
        var recording = OddRecording("v2.1")
        recording.setInfo("fps", nil)
        try recording.write(to: folder.dataset)
        #expect(throws: wrongRate("nothing")) { try LeRobotDataset(opening: folder.dataset) }
        recording.setInfo("fps", "null")
        try recording.write(to: folder.dataset)
        #expect(throws: wrongRate("null")) { try LeRobotDataset(opening: folder.dataset) }
        addCameras(&recording)
        try recording.write(to: folder.dataset)
        for (json, found) in [("0", "0"), ("-10", "-10"), ("NaN", "nan"), (#""fast""#, "'fast'")] {
            try setRate(json)
            #expect(throws: wrongRate(found)) { try LeRobotDataset(opening: folder.dataset) }
        }
    }

    @Test("have fps in every spelling")
    func spelling() throws {
        try OddRecording("v2.1").write(to: folder.dataset)
        for (json, fps) in [(#""10""#, 10), ("[10.0]", 10), (#""30000/1001""#, 30000 / 1001.0)] {
            try setRate(json)
            let dataset = try LeRobotDataset(opening: folder.dataset)
            #expect(dataset.info.fps == fps)
            #expect(dataset.warnings.isEmpty)
        }
    }

    @Test("in UTF-16 are read", arguments: ["v3.0", "v2.1"], [true, false])
    func utf16(version: String, isLittle: Bool) throws {
        let task = "Schließe die Schublade 📦"
        var recording = OddRecording(version)
        recording.setInfo("robot_type", "\"Gerät 📦\"")
        recording.texts = recording.texts.map { ($0.path, $0.text.replacing("do it", with: task)) }
        try recording.write(to: folder.dataset)
        for path in ["meta/info.json"] + recording.texts.map(\.path) {
            try folder.change("dataset/\(path)") { bytes in
                String(decoding: bytes, as: UTF8.self).utf16.reduce(
                    into: Data(isLittle ? [0xFF, 0xFE] : [0xFE, 0xFF])
                ) { data, unit in
                    let (low, high) = (UInt8(unit & 0xFF), UInt8(unit >> 8))
                    data += isLittle ? [low, high] : [high, low]
                }
            }
        }
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.warnings.isEmpty)
        #expect(dataset.info.robotType == "Gerät 📦")
        #expect(dataset.tasks == [version == "v3.0" ? "do it" : task])
        #expect(dataset.episodes.map(\.length) == [4, 3])
        #expect(try dataset.loadTable().rowsSeen == (0 ..< 7).map(Float.init))
    }

    @Test(
        "with half a pair of surrogates have the sign for it, and are written so",
        arguments: [
            (#"lift \ud83d up \udce6\ud83d"#, "lift \u{FFFD} up \u{FFFD}\u{FFFD}"),
            (#"lift \ud83d\udce6"#, "lift 📦"),
        ]
    )
    func surrogates(escaped: String, task: String) throws {
        var recording = OddRecording("v2.1")
        recording.texts = recording.texts.map { ($0.path, $0.text.replacing("do it", with: escaped)) }
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.warnings.isEmpty)
        #expect(dataset.tasks == [task])
        #expect(dataset.episodes.map(\.tasks) == [[task], [task]])
        let out = folder.appending(path: "out")
        _ = try DatasetAssembly([.init(dataset: dataset)]).write(to: out)
        #expect(try LeRobotDataset(opening: out).tasks == [task])
        #expect(DatasetCheck.findings(of: out).isEmpty)
    }
}
