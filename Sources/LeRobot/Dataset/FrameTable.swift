/// The numbers of a dataset, all frames of all episodes in order.
public struct FrameTable: Sendable {
    /// One numeric feature.
    public struct Column: Equatable, Sendable {
        /// Name of the feature.
        public let name: String

        /// Values of one frame.
        public let dimension: Int

        /// `[count, dimension]`, row-major.
        public let values: [Float]

        /// Wraps `values`, `[count, dimension]`.
        public init(name: String, dimension: Int, values: [Float]) {
            self.name = name
            self.dimension = dimension
            self.values = values
        }

        /// The values of one frame, `[dimension]`.
        public func row(_ index: Int) -> ArraySlice<Float> {
            values[index * dimension ..< (index + 1) * dimension]
        }

        /// The values of consecutive frames, `[rows.count, dimension]`.
        public func rows(_ rows: Range<Int>) -> ArraySlice<Float> {
            values[rows.lowerBound * dimension ..< rows.upperBound * dimension]
        }
    }

    /// Number of frames.
    public let count: Int

    /// Every numeric feature that is no bookkeeping, by name.
    public let columns: [String: Column]

    /// Position within the episode, `[count]`.
    public let frameIndex: [Int]

    /// The episode, `[count]`.
    public let episodeIndex: [Int]

    /// The task, an index into the dataset's tasks, `[count]`.
    public let taskIndex: [Int]

    /// Position within the dataset, `[count]`.
    public let index: [Int]

    /// The column of a feature.
    ///
    /// - Throws: ``LeRobotError/noSuchFeature(_:expected:available:)``.
    public func column(_ name: String) throws(LeRobotError) -> Column {
        guard let column = columns[name] else {
            throw .noSuchFeature(name, expected: "numeric feature", available: columns.keys.sorted())
        }
        return column
    }

    /// The `action` column, `[count, D]`.
    ///
    /// - Throws: ``LeRobotError/noSuchFeature(_:expected:available:)``.
    public var actions: Column {
        get throws(LeRobotError) { try column("action") }
    }

    /// The `observation.state` column, `[count, S]`; nil where the robot reports none.
    public var states: Column? { columns[DatasetInfo.state] }

    /// The `observation.environment_state` column, `[count, M]`: where things are; nil where nothing says so.
    public var environmentStates: Column? { columns[DatasetInfo.environmentState] }
}
