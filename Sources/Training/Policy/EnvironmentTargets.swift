internal import LeRobot
internal import RobotTypes

/// Where things are, as a policy's training reads it off a dataset's `observation.environment_state`.
///
/// Columns whose names end in `_right` and `_down` are places in a camera's picture, -1 to 1 from edge to edge, and begin
/// with the camera's name: `corner2_goal_right`.
struct EnvironmentTargets {
    /// All frames.
    private let states: FrameTable.Column

    /// Of every column.
    private let normalization: Normalization

    /// Columns that are to be told.
    let columns: [Int]

    /// Of every camera: the columns with its things' places, right and down in turn.
    private let placeColumns: [[Int]]

    /// Reads `states`.
    ///
    /// - Parameters:
    ///   - states: All frames.
    ///   - names: Names of its columns; nil where the dataset has none.
    ///   - normalization: How values are told.
    ///   - columns: Which of them; all but places where empty.
    ///   - cameras: Names of the policy's cameras.
    init(
        states: FrameTable.Column,
        names: [String]?,
        normalization: Normalization,
        columns: [Int],
        cameras: [String]
    ) {
        self.states = states
        self.normalization = normalization
        let names = names ?? []
        let isPlace = names.map { $0.hasSuffix("_right") || $0.hasSuffix("_down") }
        let values = (0 ..< states.dimension).filter { !isPlace.indices.contains($0) || !isPlace[$0] }
        self.columns = columns.isEmpty ? values : columns
        placeColumns = cameras.map { camera in
            let prefix = "\(camera.split(separator: ".").last ?? "")_"
            return names.indices.filter { isPlace[$0] && names[$0].hasPrefix(prefix) }
        }
    }

    /// Values of `rows`, normalised `[rows.count, columns.count]`.
    func values(_ rows: [Int]) -> [Float] {
        let all = normalization.normalized(rows.flatMap(states.row))
        return rows.indices.flatMap { row in columns.map { all[row * states.dimension + $0] } }
    }

    /// Of every camera: where its things are in the pictures of `rows`, `[rows.count, things, 2]`, right and down.
    func places(_ rows: [Int]) -> [[Float]] {
        placeColumns.map { columns in
            rows.flatMap { row in columns.map { states.values[row * states.dimension + $0] } }
        }
    }
}
