public import LeRobot
public import PolicyProtocol
public import PolicyServer
internal import RobotTypes

/// Records the demonstrations that simulators send through openpi's protocol, as a LeRobot dataset.
///
/// A client sends a whole episode in one message: `task`, `prompt`, `index`, `images` {camera: uint8
/// `[n, height, width, 3]`}, `observation/state` float32 `[n, S]`, `observation/environment_state` float32 `[n, M]` from
/// simulators that know it, and `action` float32 `[n, D]`. Several clients may send at once; the dataset's order depends
/// on tasks and indices only.
public actor DemonstrationRecorder: MessageHandler {
    /// Limits of a message, which holds an episode's images: one gigabyte.
    ///
    /// The metadata has them, so that a client refuses a larger episode itself.
    public static let limits: WireLimits = {
        var limits = WireLimits()
        limits.bytes = 1 << 30
        return limits
    }()

    /// The observation that clients send, and the limit of their messages.
    public nonisolated let metadata: WireValue

    private let writer: DatasetWriter
    private let description: DatasetDescription
    private let tasks: [String]
    private let episodesPerTask: Int
    private let mostAhead: Int
    private var ahead: [Int: ConnectionID] = [:]
    private var waiting: [Int: Demonstration] = [:]
    private var written = 0

    /// Creates a recorder.
    ///
    /// - Parameters:
    ///   - writer: Writes the episodes, task by task.
    ///   - description: The description of the writer's dataset.
    ///   - tasks: Names of the tasks, in the order of the dataset.
    ///   - episodesPerTask: Episodes of every task.
    ///   - mostAhead: Number of episodes that a client may be ahead of the one that is written next: they are kept in
    ///     memory. A client that is farther ahead gets its reply only when the others have caught up.
    public init(
        writer: sending DatasetWriter,
        description: DatasetDescription,
        tasks: [String],
        episodesPerTask: Int,
        mostAhead: Int = 32
    ) {
        self.writer = writer
        self.mostAhead = mostAhead
        self.description = description
        self.tasks = tasks
        self.episodesPerTask = episodesPerTask
        var observation: WireMap = [
            WireKey.feature(DatasetInfo.state): .map([
                "shape": .list([.integer(Int64(description.stateNames.count))]), "dtype": "float32",
            ]),
            WireKey.instruction: .map(["shape": .list([]), "dtype": "string"]),
        ]
        for camera in description.cameras {
            observation[WireKey.feature(camera.name)] = .map([
                "shape": .list([.integer(Int64(camera.height)), .integer(Int64(camera.width)), .integer(3)]),
                "dtype": "uint8",
            ])
        }
        metadata = .map([
            "observation": .map(observation),
            "max_message_bytes": .integer(Int64(Self.limits.bytes)),
            "server": "faster collect",
        ])
    }

    /// Receives an episode.
    ///
    /// - Throws: ``RecordingError`` when the message is not an episode, or not one that is missing,
    ///   `LeRobotError` when it does not fit the dataset or cannot be written.
    public func reply(to message: WireValue, connection: ConnectionID) async throws -> WireValue {
        let demonstration = try Demonstration(message)
        guard let task = tasks.firstIndex(of: demonstration.taskName),
            (0 ..< episodesPerTask).contains(demonstration.index)
        else {
            throw RecordingError(
                description:
                    "episode \(demonstration.index) of task '\(demonstration.taskName)' was not asked for"
            )
        }
        let name = "task '\(demonstration.taskName)', episode \(demonstration.index)"
        let position = task * episodesPerTask + demonstration.index
        // Before it waits: an episode that waits for earlier ones is written when another client's message arrives.
        try EpisodeCheck(description, episode: name)
            .check(
                frames: demonstration.frames,
                states: demonstration.states,
                environmentStates: demonstration.environmentStates,
                actions: demonstration.actions
            )
        guard try await awaitTurn(position, connection) else { return .map([:]) }
        guard position >= written, waiting[position] == nil else {
            throw RecordingError(description: "\(name): was received before; send every episode once")
        }
        waiting[position] = demonstration
        while let next = waiting.removeValue(forKey: written) {
            try writer.addEpisode(
                frames: next.frames,
                states: next.states,
                environmentStates: next.environmentStates,
                actions: next.actions,
                task: next.instruction
            )
            written += 1
        }
        return .map([:])
    }

    /// Waits until the episode at `position` is not too far ahead; its client sends the next one after the reply.
    ///
    /// - Returns: False where another connection has sent the same in between, as a restarted client does.
    private func awaitTurn(_ position: Int, _ connection: ConnectionID) async throws -> Bool {
        ahead[position] = connection
        while position - written > mostAhead {
            try await Task.sleep(for: .milliseconds(20))
            guard ahead[position] == connection else { return false }
        }
        ahead[position] = nil
        return true
    }

    /// Returns true while the client of the episode at `position` waits until the others have caught up.
    package func isHolding(_ position: Int) -> Bool { ahead[position] != nil }

    /// Completes the dataset, or discards it.
    ///
    /// - Throws: ``RecordingError`` when episodes are missing, `LeRobotError` when the files cannot be written. Nothing is
    ///   left of the dataset then.
    public func finish() throws -> LeRobotDataset {
        defer { writer.discard() }
        guard written == tasks.count * episodesPerTask else {
            throw RecordingError(
                description:
                    "expected \(tasks.count * episodesPerTask) episodes, received \(written + waiting.count)"
            )
        }
        return try writer.finish()
    }

    /// Removes an unfinished dataset; a finished one stays as it is.
    public func discard() { writer.discard() }
}

/// A demonstration that cannot be recorded.
public struct RecordingError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
