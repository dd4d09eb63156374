public import Evaluation
public import Foundation
internal import LeRobot
internal import Numpy
internal import RobotTypes
internal import Support

/// The folder of an evaluation's results: `summary.json`, `episodes.json` and `videos/`; until they are written, a journal of the
/// episodes that are done, `episodes.jsonl`, and the simulators' videos.
public struct EvaluationFolder: Sendable {
    private let url: URL

    /// The results in `url`.
    public init(_ url: URL) { self.url = url }

    /// Folder for the videos of simulators while episodes run.
    public var rawVideos: URL { url.appending(path: "films") }

    private var episodes: URL { url.appending(path: "episodes.json") }

    /// File of the journal.
    private var journalFile: URL { url.appending(path: "episodes.jsonl") }

    /// Makes sure that an evaluation with `settings` may continue the interrupted one in the folder, if there is one.
    ///
    /// - Throws: `EpisodeJournalError` that names the setting which differs, or the line that cannot be understood.
    public func check(_ settings: EvaluationSettings) throws(EpisodeJournalError) {
        try EpisodeJournal.check(journalFile, against: settings)
    }

    /// The journal of the interrupted evaluation in the folder, or a new one.
    ///
    /// - Throws: As ``check(_:)``, and `DurableFileError` where the folder cannot be written.
    public func journal(of settings: EvaluationSettings) throws -> EpisodeJournal {
        try EpisodeJournal(journalFile, of: settings, films: rawVideos)
    }

    /// Gives up the interrupted evaluation in the folder, if there is one.
    public func forgetInterrupted() { try? FileManager.default.removeItem(at: journalFile) }

    /// Writes all results, and encodes the simulator's videos.
    ///
    /// - Throws: The errors of `DurableFile`, `NumpyError` for a video that cannot be read, `LeRobotError` for one that cannot
    ///   be encoded.
    public func write(
        _ results: [EpisodeResult],
        _ summary: EvaluationSummary,
        of simulator: SimulatorDescription
    ) throws {
        removeVideos(of: results)
        var encoded = results
        for index in encoded.indices { encoded[index].video = nil }
        // Before the videos, whose disk may be full.
        try DurableFile.writeJSON(encoded, to: episodes)
        try DurableFile.writeJSON(summary, to: url.appending(path: "summary.json"))
        for (index, result) in results.enumerated() {
            guard let video = result.video else { continue }
            let path = "videos/\(result.name).mp4"
            try encodeMP4(
                frames: Self.frames(of: URL(filePath: video)),
                fps: simulator.robot(for: [result.task]).robot.framesPerSecond,
                to: url.appending(path: path)
            )
            encoded[index].video = path
        }
        try? FileManager.default.removeItem(at: rawVideos)
        try DurableFile.writeJSON(encoded, to: episodes)
    }

    /// Removes the videos of an older evaluation in the folder, which would be taken for those of `results`.
    private func removeVideos(of results: [EpisodeResult]) {
        let content = try? Data(contentsOf: episodes)
        let older = content.flatMap { try? JSONDecoder().decode([EpisodeResult].self, from: $0) } ?? []
        for name in Set((older + results).map(\.name)) {
            try? FileManager.default.removeItem(at: url.appending(path: "videos/\(name).mp4"))
        }
    }

    /// The frames of a simulator's video.
    ///
    /// - Throws: `NumpyError` for anything but uint8 `[frames, height, width, 3]`.
    static func frames(of video: URL) throws -> [Image] {
        let array = try NumpyFile(reading: video)
        guard array.dtype == "|u1", array.shape.count == 4, array.shape[3] == 3, !array.shape.contains(0)
        else {
            throw NumpyError(
                file: video.path,
                reason: "expected uint8 (|u1) [frames, height, width, 3], found \(array.dtype) \(array.shape)"
            )
        }
        let (height, width) = (array.shape[1], array.shape[2])
        let size = height * width * 3
        return (0 ..< array.shape[0]).map { frame in
            let start = array.bytes.startIndex + frame * size
            return Image(width: width, height: height, pixels: [UInt8](array.bytes[start ..< start + size]))
        }
    }
}
