import CFFmpeg
import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import LeRobot

/// Episodes of 4, 3 and 5 rows at 10 frames a second, whose images show their row.
@Suite("Recordings that were cut off")
struct CutRecordingTests {
    private static let lengths = [4, 3, 5]
    private let camera = "observation.images.front"
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var out: URL { folder.appending(path: "out") }

    /// Writes the dataset: in version 3.0 with all rows and frames in one file, in 2.1 with files of every episode.
    ///
    /// - Returns: The video files, in order.
    @discardableResult
    private func record(
        _ version: String,
        videoRows: Int = 12,
        _ change: (inout OddRecording) -> Void = { _ in }
    ) throws -> [URL] {
        var recording = OddRecording(version, lengths: Self.lengths)
        recording.addCamera(camera, from: [0, 0.4, 0.7], to: [0.4, 0.7, 1.2])
        change(&recording)
        try recording.write(to: folder.dataset)
        if version == "v3.0" {
            return [try video(0 ..< videoRows, "videos/\(camera)/chunk-000/file-000.mp4")]
        }
        return try [0 ..< 4, 4 ..< 7, 7 ..< 12].enumerated().map { episode, rows in
            try video(rows, "videos/chunk-000/\(camera)/episode_00000\(episode).mp4")
        }
    }

    private func video(_ rows: Range<Int>, _ path: String) throws -> URL {
        let file = folder.dataset.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        let encoder = try VideoEncoder(creating: file, width: 64, height: 48, fps: 10, settings: .dataset)
        for row in rows {
            let image = SampleDataset(lengths: []).image(of: row)
            try encoder.append(image, startsSequence: [0, 4, 7].contains(row))
        }
        try encoder.finish()
        return file
    }

    private func cut(_ path: String, _ dropped: Int) throws {
        try folder.change("dataset/\(path)") { $0.dropLast(dropped) }
    }

    /// Leaves the index of an MP4 file out, as a recorder that is killed does.
    private func removeIndex(of file: URL) throws {
        var bytes = try Data(contentsOf: file)
        let index = try #require(bytes.range(of: Data("moov".utf8)))
        bytes.replaceSubrange(index, with: Data("junk".utf8))
        try bytes.write(to: file)
    }

    /// Findings, the same of one process and of three.
    private var findings: [String] {
        let findings = DatasetCheck.findings(of: folder.dataset)
        let parts = (0 ..< 3).map { DatasetCheck.part(of: folder.dataset, rank: $0, of: 3) }
        #expect(DatasetCheck.findings(of: folder.dataset, joining: parts) == findings)
        return findings.map {
            "\($0.severity) \(URL(filePath: $0.file).lastPathComponent) \($0.field ?? "") \($0.text)"
        }
    }

    private func shown(_ dataset: LeRobotDataset, rows: Range<Int>) throws -> [Int] {
        try rows.map { SampleDataset.number(in: try dataset.frame(at: $0, camera: camera)) }
    }

    private func message(row: Int) throws -> String {
        let dataset = try LeRobotDataset(opening: folder.dataset)
        let error = #expect(throws: LeRobotError.self) { try dataset.frame(at: row, camera: camera) }
        return error?.description.replacing(folder.dataset.path + "/", with: "") ?? ""
    }

    /// Repairs the dataset, and checks that the rows of the first episodes and their frames are all there.
    @discardableResult
    private func repair(keeping episodes: Int, showing: Bool = true) throws -> DatasetRepair {
        let repair = try DatasetRepair(opening: folder.dataset)
        #expect(repair.part.episodes == Array(0 ..< episodes))
        _ = try DatasetAssembly([repair.part]).write(to: out)
        #expect(DatasetCheck.findings(of: out).isEmpty)
        let written = try LeRobotDataset(opening: out)
        #expect(written.episodes.map(\.length) == Array(Self.lengths.prefix(episodes)))
        #expect(written.tasks == ["do it"])
        #expect(written.cameras == (showing ? [camera] : []))
        let rows = 0 ..< written.frameCount
        #expect(try written.loadTable().rowsSeen == rows.map(Float.init))
        if showing { #expect(try shown(written, rows: rows) == Array(rows)) }
        return repair
    }

    @Test(
        "without a list of episodes are repaired by their rows, which opening says",
        arguments: ["v3.0", "v2.1"]
    )
    func unlisted(version: String) throws {
        try record(version)
        let list = version == "v3.0" ? "meta/episodes" : "meta/episodes.jsonl"
        try FileManager.default.removeItem(at: folder.dataset.appending(path: list))
        let file = version == "v3.0" ? "\(list)/chunk-000/file-000.parquet" : list
        let needed =
            version == "v3.0"
            ? "it lists the episodes; fetch the folder meta/episodes, or record the dataset to its end"
            : "it lists the episodes of v2.1; fetch it, or write a line "
                + "{\"episode_index\": 0, \"tasks\": [...], \"length\": ...} for each"
        #expect(
            throws: LeRobotError.missingFile(
                folder.dataset.appending(path: file).path,
                needed: "\(needed), or let 'faster data repair' list them by their rows"
            )
        ) { try LeRobotDataset(opening: folder.dataset) }
        let repair = try repair(keeping: 3)
        #expect(repair.leftOut.isEmpty)
        #expect(repair.part.dataset.oddFields == ["episodes"])
    }

    @Test("whose list of episodes was cut are repaired by their rows")
    func cutList() throws {
        try record("v3.0")
        try cut("meta/episodes/chunk-000/file-000.parquet", 30)
        let error = #expect(throws: LeRobotError.self) { try LeRobotDataset(opening: folder.dataset) }
        #expect(error?.description.hasSuffix("or let 'faster data repair' list them by their rows") == true)
        #expect(try repair(keeping: 3).leftOut.isEmpty)
    }

    @Test("without a list of episodes lose a camera with another number of frames, which is said")
    func unlistedFrames() throws {
        try record("v3.0", videoRows: 13)
        try FileManager.default.removeItem(at: folder.dataset.appending(path: "meta/episodes"))
        let repair = try repair(keeping: 3, showing: false)
        #expect(
            repair.part.dataset.warnings.contains {
                $0.field == camera
                    && $0.text
                        == "its videos have other numbers of frames than there are rows; without a list of episodes it is left "
                        + "out"
            }
        )
    }

    @Test("in their last rows lose that episode alone", arguments: ["v3.0", "v2.1"])
    func cutRows(version: String) throws {
        try record(version) { recording in
            guard version == "v3.0" else { return }
            recording.files = [
                ("data/chunk-000/file-000.parquet", Array(0 ..< 7)),
                ("data/chunk-000/file-001.parquet", Array(7 ..< 12)),
            ]
            recording.setEpisodes("data/file_index", [0, 0, 1])
        }
        try cut("data/chunk-000/" + (version == "v3.0" ? "file-001" : "episode_000002") + ".parquet", 20)
        let repair = try repair(keeping: 2)
        #expect(repair.leftOut.map(\.episode) == [2])
        #expect(repair.leftOut[0].reason.contains(".parquet: cannot be read: the file has no footer: "))
    }

    @Test("in their last rows, without a list of episodes, name the file that is lost")
    func cutUnlistedRows() throws {
        try record("v2.1")
        try FileManager.default.removeItem(at: folder.dataset.appending(path: "meta/episodes.jsonl"))
        let path = "data/chunk-000/episode_000002.parquet"
        try cut(path, 20)
        let warnings = try repair(keeping: 2).part.dataset.warnings
        let warning = warnings.first { $0.file == folder.dataset.appending(path: path).path }
        #expect(warning?.text.contains("the file has no footer: the recording was interrupted") == true)
    }

    @Test("before a video's index are said, and their numbers are read", arguments: ["v3.0", "v2.1"])
    func noIndex(version: String) throws {
        let file = try #require(try record(version).last)
        try removeIndex(of: file)
        let reason =
            "opening the file is incomplete: the recording was interrupted before its index was written, or the copy was "
            + "cut off (Invalid data found when processing input)"
        #expect(findings.filter { $0.hasPrefix("error") } == ["error \(file.lastPathComponent) \(reason)"])
        let path = file.path.replacing(folder.dataset.path + "/", with: "")
        #expect(try message(row: 11) == "\(path): \(reason.replacing("opening ", with: "opening: "))")
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try dataset.loadTable().rowsSeen == (0 ..< 12).map(Float.init))
        if version == "v2.1" {
            #expect(try repair(keeping: 2).leftOut.map(\.episode) == [2])
        } else {
            let error = #expect(throws: LeRobotError.self) { try DatasetRepair(opening: folder.dataset) }
            #expect(
                error?.description.contains("no episode is whole; episode 0: \(file.path): opening") == true
            )
            let numbers = try DatasetAssembly([.init(dataset: dataset)], omitting: [camera]).write(to: out)
            #expect(numbers.frames == 12)
            #expect(DatasetCheck.findings(of: out).isEmpty)
        }
    }

    @Test("within a video's last frame lose that frame, and its episode in repair")
    func cutFrame() throws {
        let file = try #require(try record("v3.0").first)
        try cut("videos/\(camera)/chunk-000/file-000.mp4", 3)
        #expect(
            findings.contains(
                "error \(file.lastPathComponent) \(camera) expected 12 frames, as the file's own index says, found 11: the "
                    + "file is cut off or damaged"
            )
        )
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try shown(dataset, rows: 0 ..< 11) == Array(0 ..< 11))
        #expect(
            try message(row: 11).hasPrefix(
                "videos/\(camera)/chunk-000/file-000.mp4: frame 4 of episode 2, frame 11 of the dataset: the file is cut off or "
                    + "damaged; no frame at the row's time; the video has 11 frames, from 0.0 s to 1.0 s"
            )
        )
        let repair = try repair(keeping: 2)
        #expect(repair.leftOut.map(\.episode) == [2])
        #expect(repair.leftOut[0].reason.hasSuffix("\(camera): 1 of 5 rows have no frame"))
    }

    @Test(
        "within a video's last fragment lose its frames alone",
        arguments: [("moof", 30), ("mdat", 10)]
    )
    func cutFragment(box: String, offset: Int) throws {
        let file = try #require(try record("v3.0").first)
        try fragment(file)
        let whole = try LeRobotDataset(opening: folder.dataset)
        #expect(try shown(whole, rows: 0 ..< 12) == Array(0 ..< 12))
        let bytes = try Data(contentsOf: file)
        let last = try #require(bytes.range(of: Data(box.utf8), options: .backwards))
        try bytes.prefix(last.lowerBound + offset).write(to: file)
        #expect(
            findings.contains {
                $0.hasPrefix(
                    "error \(file.lastPathComponent) \(camera) episode 2: expected a frame for each of 5 rows, found none for 5, "
                        + "the first is row 0; the file has 7 frames, from 0.0 s to 0.6 s"
                )
            }
        )
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try shown(dataset, rows: 0 ..< 7) == Array(0 ..< 7))
        #expect(
            try message(row: 7).contains(
                "file-000.mp4: frame 0 of episode 2, frame 7 of the dataset: no frame at the row's time; the video has 7 frames"
            )
        )
        #expect(try repair(keeping: 2).leftOut.map(\.episode) == [2])
    }

    /// Writes a video's packets as an MP4 file of fragments, one a keyframe, as recorders that may be interrupted do.
    private func fragment(_ file: URL) throws {
        let source = try PacketSource(opening: file, index: try VideoIndex(reading: file))
        let packets = try #require(try source.packets(of: 0 ..< source.index.count).packets)
        let target = folder.appending(path: "fragments.mp4")
        var muxer: UnsafeMutablePointer<AVFormatContext>?
        var options: OpaquePointer?
        avformat_alloc_output_context2(&muxer, nil, "mp4", target.path)
        let open = try #require(muxer)
        let stream = try #require(avformat_new_stream(open, nil))
        avcodec_parameters_copy(stream.pointee.codecpar, source.codecParameters)
        stream.pointee.time_base = AVRational(num: 1, den: 1000)
        avio_open(&open.pointee.pb, target.path, AVIO_FLAG_WRITE)
        av_dict_set(&options, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0)
        #expect(avformat_write_header(open, &options) >= 0)
        for item in packets {
            let packet = try #require(item.packet)
            packet.pointee.pts = Int64(item.rank) * 100
            packet.pointee.dts = packet.pointee.pts
            packet.pointee.duration = 100
            av_packet_rescale_ts(packet, AVRational(num: 1, den: 1000), stream.pointee.time_base)
            #expect(av_interleaved_write_frame(open, packet) >= 0)
        }
        #expect(av_write_trailer(open) >= 0)
        avio_closep(&open.pointee.pb)
        av_dict_free(&options)
        avformat_free_context(open)
        try FileManager.default.removeItem(at: file)
        try FileManager.default.moveItem(at: target, to: file)
    }

    @Test("and filled up again name the file and the frame that cannot be decoded")
    func damagedFrame() throws {
        let file = try #require(try record("v3.0").first)
        let source = try PacketSource(opening: file, index: try VideoIndex(reading: file))
        let last = try #require(try source.packets(of: 7 ..< 12).packets?.last)
        let packet = try #require(last.packet?.pointee)
        var bytes = try Data(contentsOf: file)
        let place = try #require(bytes.range(of: Data(bytes: packet.data, count: Int(packet.size))))
        bytes.replaceSubrange(place, with: Data(repeating: 0xFF, count: place.count))
        try bytes.write(to: file)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try shown(dataset, rows: 0 ..< 11) == Array(0 ..< 11))
        let expected =
            "videos/\(camera)/chunk-000/file-000.mp4: frame 4 of episode 2: Invalid data found when processing input"
        #expect(try message(row: 11) == expected)
    }
}
