internal import LeRobot
internal import RobotTypes

extension Demonstrations {
    /// Columns of actions that become relative to the state's columns of the same names, or of the same positions where the state
    /// has no such name.
    ///
    /// Angles that jump by a turn within the recording are made continuous.
    ///
    /// - Parameter names: Names of columns or groups, or positions such as `3` or `0:6`.
    /// - Returns: The transform; nil where `names` is empty.
    /// - Throws: ``DemonstrationsError`` about a name that is not among the actions or the states, or a column that cannot be
    ///   subtracted.
    func relativeTransform(_ names: [String]) throws -> ActionTransform? {
        guard !names.isEmpty else { return nil }
        let states = try states()
        let columns = try Set(names.flatMap(relativeColumns)).sorted()
        var parts: [ActionTransform.Part] = []
        for column in columns {
            let stateColumn = try stateColumn(of: column, in: states)
            let wrap = wrap(of: column, stateColumn, in: states)
            if let last = parts.last, let start = last.stateStart, last.start + last.count == column,
                start + last.count == stateColumn, last.wrap == wrap
            {
                parts[parts.count - 1].count += 1
            } else {
                parts.append(.init(columns: column ..< column + 1, stateStart: stateColumn, wrap: wrap))
            }
        }
        return ActionTransform(stateDimension: states.dimension, parts: parts)
    }

    /// The columns of a name, a group or a position.
    private func relativeColumns(_ name: String) throws -> [Int] {
        let bounds = name.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        if let column = actionNames.firstIndex(of: name) { return [column] }
        if let group = actionSpace.groups.first(where: { $0.name == name }) { return Array(group.columns) }
        if let first = bounds[0], bounds.count <= 2, let end = bounds.count == 2 ? bounds[1] : first &+ 1,
            first >= 0, first < end, end <= actions.dimension
        {
            return Array(first ..< end)
        }
        throw error(
            "--relative: expected columns or groups of the actions, \(actionNames.joined(separator: ", ")) in "
                + "\(actionSpace), found '\(name)'"
        )
    }

    /// The column of the state that a column of the actions is relative to.
    private func stateColumn(of column: Int, in states: MappedColumns) throws -> Int {
        let name = actionNames[column]
        guard !padding.isZero[column] else {
            throw error(
                "--relative: '\(name)' is a change or a velocity; only absolute actions become relative"
            )
        }
        let quaternion: Set = ["qx", "qy", "qz", "qw"]
        guard
            quaternion.isDisjoint(
                with: name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
            )
        else {
            throw error(
                "--relative: '\(name)' is a part of a quaternion, which cannot be subtracted; give 'relative: true' and "
                    + "'rotation: quaternion-xyzw' in a --mapping file"
            )
        }
        if let index = states.names?.firstIndex(of: name) { return index }
        guard column < states.dimension else {
            throw error(
                "--relative: the state has no column '\(name)' and no column \(column), only "
                    + "\(states.description(of: 0 ..< states.dimension)); name the parts of the state in a --mapping file"
            )
        }
        return column
    }

    /// The interval of a column of angles that jumps by a turn from one row to the next, or between state and action; nil
    /// where none does.
    private func wrap(of column: Int, _ stateColumn: Int, in states: MappedColumns) -> ActionTransform.Wrap? {
        func values(_ columns: MappedColumns, _ index: Int) -> [Float] {
            stride(from: index, to: columns.values.values.count, by: columns.dimension)
                .map { columns.values.values[$0] }
        }
        let (action, state) = (values(actions, column), values(states, stateColumn))
        let finite = (action + state).filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max() else { return nil }
        var jump: Float = 0
        for rows in dataset.episodes.map(\.rows) {
            for row in rows {
                jump = max(jump, abs(action[row] - state[row]))
                guard row > rows.lowerBound else { continue }
                jump = max(jump, abs(action[row] - action[row - 1]), abs(state[row] - state[row - 1]))
            }
        }
        for turn in [2 * Float.pi, 360] {
            // No joint turns by three quarters within one control step.
            guard jump > 0.75 * turn, high - low <= 1.001 * turn else { continue }
            if abs(low) <= 0.501 * turn, high <= 0.501 * turn { return .init(from: -turn / 2, period: turn) }
            if low >= -0.001 * turn, high <= 1.001 * turn { return .init(from: 0, period: turn) }
        }
        return nil
    }
}
