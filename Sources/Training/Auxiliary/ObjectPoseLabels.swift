internal import LeRobot
internal import RobotTypes

/// The columns of a dataset's `observation.environment_state` that the object-pose task is trained on.
///
/// Columns whose names end in `_right` and `_down` are image positions, -1 to 1 from edge to edge, and begin with the
/// camera's name: `corner2_goal_right`. All others are values to predict.
struct ObjectPoseLabels {
    /// Columns to predict.
    let columns: [Int]

    private let states: FrameTable.Column
    private let normalization: Normalization

    /// Columns of every camera's image positions, right and down in turn.
    private let imageColumns: [[Int]]

    /// Reads the columns of `demonstrations`.
    ///
    /// - Parameters:
    ///   - demonstrations: Dataset.
    ///   - normalization: Normalisation of all columns.
    ///   - columns: Columns to predict; all but image positions where empty.
    ///   - cameras: Names of the policy's cameras.
    /// - Throws: ``DemonstrationsError`` when the dataset has no object poses, or no such column.
    init(
        _ demonstrations: Demonstrations,
        _ normalization: Normalization,
        columns: [Int],
        cameras: [String]
    ) throws {
        let feature = DatasetInfo.environmentState
        let states = try Self.columns(of: demonstrations).values
        if let other = columns.first(where: { !(0 ..< states.dimension).contains($0) }) {
            throw demonstrations.error(
                "'objectPose.columns' names column \(other), '\(feature)' has \(states.dimension)"
            )
        }
        self.init(
            states: states,
            names: demonstrations.dataset.info.features[feature]?.names ?? [],
            normalization: normalization,
            columns: columns,
            cameras: cameras
        )
    }

    init(
        states: FrameTable.Column,
        names: [String],
        normalization: Normalization,
        columns: [Int],
        cameras: [String]
    ) {
        self.states = states
        self.normalization = normalization
        let isImagePosition = names.map { $0.hasSuffix("_right") || $0.hasSuffix("_down") }
        let values = (0 ..< states.dimension).filter {
            !isImagePosition.indices.contains($0) || !isImagePosition[$0]
        }
        self.columns = columns.isEmpty ? values : columns
        imageColumns = cameras.map { camera in
            let prefix = "\(camera.split(separator: ".").last ?? "")_"
            return names.indices.filter { isImagePosition[$0] && names[$0].hasPrefix(prefix) }
        }
    }

    /// The columns of a dataset's object poses, image positions included.
    ///
    /// - Throws: ``DemonstrationsError`` when it has none.
    static func columns(of demonstrations: Demonstrations) throws -> MappedColumns {
        guard let states = demonstrations.table.environmentStates else {
            throw demonstrations.error(
                "has no feature '\(DatasetInfo.environmentState)', which 'objectPose.weight' above 0 asks for"
            )
        }
        return MappedColumns(states, names: nil)
    }

    /// Returns true if both label the same columns, in one order.
    func hasSameColumns(as other: ObjectPoseLabels) -> Bool {
        (states.dimension, columns) == (other.states.dimension, other.columns)
            && imageColumns == other.imageColumns
    }

    /// Normalised values to predict at `rows`, `[rows.count, columns.count]`.
    func values(_ rows: [Int]) -> [Float] {
        let all = normalization.normalized(rows.flatMap(states.row))
        return rows.indices.flatMap { row in columns.map { all[row * states.dimension + $0] } }
    }

    /// Image positions of every camera's objects at `rows`, `[rows.count, objects, 2]`, right and down.
    func imagePositions(_ rows: [Int]) -> [[Float]] {
        imageColumns.map { columns in
            rows.flatMap { row in columns.map { states.values[row * states.dimension + $0] } }
        }
    }
}
