public import LeRobot
public import PolicyProtocol
public import PolicyServer
internal import RobotTypes
internal import Synchronization

/// Records what robots stream through openpi's protocol, frame by frame, as a LeRobot dataset.
///
/// A message is a frame: observations, `action` and `prompt`, with `episode_end` in the last one. Several robots may record
/// at once, each an episode of its own; episodes are numbered in the order in which they are saved.
public actor StreamRecorder: MessageHandler {
    /// How far a recording is.
    public struct Status: Equatable, Sendable {
        /// Saved episodes, those of former recordings included.
        public var episodes = 0
        /// Frames of the saved episodes.
        public var frames = 0
        /// Frames of the episodes that robots are in.
        public var openFrames = 0
        /// Frames received since the start.
        public var receivedFrames = 0
        /// Messages refused since the start.
        public var refusals = 0
        /// Episodes dropped since the start: discarded, or cut off by the end of their connection.
        public var droppedEpisodes = 0
    }

    private let dataset: GrowingDataset
    private let task: String?
    private let report: @Sendable (String) -> Void
    private let known: Mutex<StreamMetadata>

    private var schema: FrameSchema?
    private var open: [ConnectionID: OpenEpisode] = [:]
    private var savingCount = 0
    private var total = Status()
    private var remarks: Set<String> = []

    /// Characters of a remark.
    private static let longestRemark = 1000

    /// The episode of a connection.
    private struct OpenEpisode {
        let recording: EpisodeRecording
        let index: Int?
        var task: String
        var frames = 0
        var clock = FrameClock()
    }

    /// Creates a recorder.
    ///
    /// - Parameters:
    ///   - dataset: The dataset that grows.
    ///   - task: The instruction of frames that have none.
    ///   - version: Version of the program, for the metadata.
    ///   - report: Called with remarks for the person at the recorder.
    public init(
        dataset: GrowingDataset,
        task: String?,
        version: String,
        report: @escaping @Sendable (String) -> Void
    ) async {
        self.dataset = dataset
        self.task = task
        self.report = report
        let schema = await dataset.features.map(FrameSchema.init)
        self.schema = schema
        total.episodes = await dataset.episodeCount
        total.frames = await dataset.frameCount
        known = Mutex(
            StreamMetadata(version: version, task: task, schema: schema, episodes: total.episodes)
        )
    }

    /// The rate and the keys that a robot may send, and the features of the recording so far.
    public nonisolated var metadata: WireValue { known.withLock { $0 }.wireValue(fps: dataset.fps) }

    /// Records a frame, or ends an episode.
    ///
    /// - Throws: ``RecordingRefusal`` for a message that does not fit, which records nothing; `LeRobotError` where files
    ///   cannot be written.
    public func reply(to message: WireValue, connection: ConnectionID) async throws -> WireValue {
        let arrival = ContinuousClock.now
        do {
            return try await record(try StreamMessage(message), arrival, connection)
        } catch let error as RecordingRefusal {
            total.refusals += 1
            remark("refused: \(error)")
            throw error
        }
    }

    private func record(
        _ message: StreamMessage,
        _ arrival: ContinuousClock.Instant,
        _ connection: ConnectionID
    ) async throws -> WireValue {
        var reply = WireMap()
        if message.discardsEpisode { discard(connection) }
        if let episode = open[connection], let index = message.episodeIndex, episode.index != index {
            try await save(connection, &reply)
        }
        if !message.values.isEmpty {
            let frames: Int
            do {
                frames = try await append(message, arrival, connection)
            } catch let error as RecordingRefusal {
                guard let saved = reply[StreamKey.savedEpisode]?.number else { throw error }
                throw RecordingRefusal("\(error) (the episode before is saved as episode \(Int(saved)))")
            }
            reply[StreamKey.episodeIndex] = .integer(Int64(total.episodes))
            reply[StreamKey.frameIndex] = .integer(Int64(frames - 1))
        }
        if message.endsEpisode {
            guard open[connection] != nil else {
                throw RecordingRefusal(
                    "\(StreamKey.episodeEnd): there is no frame of an episode on this connection"
                )
            }
            try await save(connection, &reply)
            reply[StreamKey.episodeIndex] = reply[StreamKey.savedEpisode]
        }
        if reply[StreamKey.saved] == nil { reply[StreamKey.saved] = .boolean(false) }
        reply[StreamKey.episodes] = .integer(Int64(total.episodes))
        return .map(reply)
    }

    /// Records a frame.
    ///
    /// - Returns: The length of the episode so far.
    private func append(
        _ message: StreamMessage,
        _ arrival: ContinuousClock.Instant,
        _ connection: ConnectionID
    ) async throws -> Int {
        let isFirst = schema == nil
        let schema = try self.schema ?? FrameSchema(of: message, camera: dataset.cameraFeature)
        guard let text = message.task ?? open[connection]?.task ?? task else {
            throw RecordingRefusal(
                "\(WireKey.instruction): is missing; expected the task as text, or 'faster data record --task TEXT'"
            )
        }
        let frame = try schema.frame(of: message, task: text)
        if isFirst { adopt(schema) }
        if !message.ignoredKeys.isEmpty {
            remark(
                "not recorded, as they are neither numbers nor images: \(message.ignoredKeys.joined(separator: ", "))"
            )
        }
        var episode: OpenEpisode
        if let present = open[connection] {
            episode = present
        } else {
            episode = OpenEpisode(
                recording: try await dataset.begin(schema.features),
                index: message.episodeIndex,
                task: text
            )
        }
        do {
            let start = ContinuousClock.now
            try await episode.recording.append(frame)
            remarkSlowness(.now - start)
        } catch {
            // Of an episode whose file cannot be written, nothing can be saved.
            open[connection] = episode
            discard(connection)
            report("an episode of \(episode.frames) frames is lost: \(error)")
            throw error
        }
        episode.task = text
        episode.frames += 1
        episode.clock.add(message.observationTime, arrival)
        open[connection] = episode
        total.receivedFrames += 1
        return episode.frames
    }

    /// Says once that a frame was held up by the encoder.
    private func remarkSlowness(_ duration: Duration) {
        guard duration > .seconds(1 / dataset.fps) else { return }
        remark(
            "a frame had to wait \(Int(duration / .milliseconds(1))) ms for the videos' encoder, which does not keep up with "
                + "the robot: send smaller images, or record on a faster machine",
            once: "slow"
        )
    }

    private func save(_ connection: ConnectionID, _ reply: inout WireMap) async throws {
        guard let episode = open.removeValue(forKey: connection) else { return }
        let index: Int
        do {
            savingCount += 1
            defer { savingCount -= 1 }
            index = try await dataset.save(episode.recording)
        } catch {
            total.droppedEpisodes += 1
            releaseSchema()
            report("an episode of \(episode.frames) frames is lost: \(error)")
            throw error
        }
        total.episodes = max(total.episodes, index + 1)
        total.frames += episode.frames
        let episodes = total.episodes
        known.withLock { $0.episodes = episodes }
        reply[StreamKey.saved] = .boolean(true)
        reply[StreamKey.savedEpisode] = .integer(Int64(index))
        guard let rate = episode.clock.rate else { return }
        reply[StreamKey.measuredRate] = .double(rate)
        if abs(rate / dataset.fps - 1) > FrameClock.tolerance {
            let found = rate >= 10 ? "\(Int(rate.rounded()))" : "\((rate * 10).rounded() / 10)"
            remark(
                "frames of episode \(index) came \(found) times a second, not \(dataset.fps) times: the dataset's times are "
                    + "those of --fps (a simulator may send its own time as '\(WireKey.observationTime)'); other episodes "
                    + "are not named",
                once: "rate"
            )
        }
    }

    /// Drops the episode that an ended connection was in.
    public func closed(connection: ConnectionID) async {
        guard let frames = open[connection]?.frames else { return }
        discard(connection)
        report(
            "\(connection) ended within an episode: its \(frames) frames are dropped; '\(StreamKey.episodeEnd)': True "
                + "saves an episode"
        )
    }

    private func discard(_ connection: ConnectionID) {
        guard open.removeValue(forKey: connection) != nil else { return }
        total.droppedEpisodes += 1
        releaseSchema()
    }

    private func adopt(_ schema: FrameSchema) {
        self.schema = schema
        known.withLock { $0.schema = schema }
        let names = schema.features.sorted { $0.key < $1.key }.map { name, feature in
            "\(name) \(feature.dtype)\(feature.shape)"
        }
        report("features: \(names.joined(separator: ", "))")
    }

    /// Forgets the features of frames of which none is kept, so that a robot can correct its mistake.
    private func releaseSchema() {
        guard total.episodes == 0, open.isEmpty, savingCount == 0 else { return }
        schema = nil
        known.withLock { $0.schema = nil }
    }

    /// Reports a text that was not reported before; a robot that sends nothing but mistakes fills neither screen nor memory.
    private func remark(_ text: String, once key: String? = nil) {
        // It may quote a message.
        let text = String(text.prefix(Self.longestRemark))
        if remarks.count < 1000, remarks.insert(key ?? text).inserted { report(text) }
    }

    /// How far the recording is.
    public var status: Status {
        var status = total
        status.openFrames = open.values.reduce(0) { $0 + $1.frames }
        return status
    }

    /// Waits for the episodes that are being saved, and closes the dataset without those that are not complete.
    ///
    /// Call it when the server is stopped.
    public func finish() async -> Status {
        for connection in open.keys { await closed(connection: connection) }
        while savingCount > 0 { try? await Task.sleep(for: .milliseconds(20)) }
        await dataset.close()
        return total
    }
}
