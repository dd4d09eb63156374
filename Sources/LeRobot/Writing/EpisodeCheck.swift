public import RobotTypes

/// Compares an episode with the description of its dataset before anything is written.
public struct EpisodeCheck: Sendable {
    private let description: DatasetDescription
    private let episode: String

    /// Prepares to check an episode.
    ///
    /// - Parameters:
    ///   - description: Columns and cameras that all episodes have.
    ///   - episode: Name of the episode in errors, for example `episode 3`.
    public init(_ description: DatasetDescription, episode: String) {
        self.description = description
        self.episode = episode
    }

    /// Checks lengths, sizes and numbers.
    ///
    /// - Parameters:
    ///   - frames: An image for every step, by camera.
    ///   - states: The state at every step, `[n][S]`.
    ///   - environmentStates: Poses of objects at every step, `[n][M]`.
    ///   - actions: The action at every step, `[n][D]`.
    /// - Throws: ``LeRobotError/invalidData(field:expected:found:)`` that names the step.
    public func check(
        frames: [String: [Image]],
        states: [[Float]],
        environmentStates: [[Float]],
        actions: [[Float]]
    ) throws(LeRobotError) {
        guard !actions.isEmpty else { throw wrong("actions", "at least one step", "none") }
        try check(actions, "actions", dimension: description.actionNames.count, count: actions.count)
        for (name, rows, columns) in [
            ("states", states, description.stateNames),
            ("environmentStates", environmentStates, description.environmentStateNames),
        ] {
            if columns.isEmpty {
                guard rows.isEmpty else { throw wrong(name, "none, as described", "\(rows.count)") }
            } else {
                try check(rows, name, dimension: columns.count, count: actions.count)
            }
        }
        let cameras = description.cameras.map(\.name)
        guard Set(frames.keys) == Set(cameras) else {
            throw wrong("cameras", "\(cameras.sorted())", "\(frames.keys.sorted())")
        }
        for camera in description.cameras {
            let images = frames[camera.name] ?? []
            guard images.count == actions.count else {
                throw wrong(camera.name, "\(actions.count) frames, one an action", "\(images.count)")
            }
            let size = (camera.width, camera.height)
            for (step, image) in images.enumerated() where (image.width, image.height) != size {
                throw wrong(
                    "\(camera.name), step \(step)",
                    "\(camera.width)x\(camera.height) pixels",
                    "\(image.width)x\(image.height)"
                )
            }
        }
    }

    private func check(_ rows: [[Float]], _ name: String, dimension: Int, count: Int) throws(LeRobotError) {
        guard rows.count == count else { throw wrong(name, "\(count) steps", "\(rows.count)") }
        for (step, row) in rows.enumerated() {
            guard row.count == dimension else {
                throw wrong("\(name), step \(step)", "\(dimension) values", "\(row.count)")
            }
            if let column = row.firstIndex(where: { !$0.isFinite }) {
                throw wrong("\(name), step \(step), column \(column)", "a finite number", "\(row[column])")
            }
        }
    }

    private func wrong(_ field: String, _ expected: String, _ found: String) -> LeRobotError {
        .invalidData(field: "\(episode): \(field)", expected: expected, found: found)
    }
}
