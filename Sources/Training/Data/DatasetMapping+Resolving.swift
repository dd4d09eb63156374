internal import LeRobot
internal import RobotTypes

extension DatasetMapping {
    /// The groups of the mapped actions: those that parts name, others by the names of their columns; nil where actions are
    /// not mapped.
    ///
    /// - Throws: `ActionSpaceError` where two parts that are no neighbours name one group.
    func actionSpace(_ actions: MappedColumns) throws -> ActionSpace? {
        guard !action.isEmpty else { return nil }
        var groups: [ActionSpace.Group] = []
        for (part, (name, columns)) in zip(action, actions.parts) {
            guard !part.isNamed, part.kind == nil else {
                if let last = groups.last, last.name == name {
                    groups[groups.count - 1].count += columns.count
                } else {
                    groups.append(.init(name: name, columns: columns, kind: part.kind))
                }
                continue
            }
            let names = actions.sources[columns].map { "\($0.feature).\($0.name)" }
            for group in try ActionSpace(columnNames: names).groups {
                let count = groups.filter {
                    $0.name == group.name || $0.name.hasPrefix(group.name + "_")
                }.count
                let first = columns.lowerBound + group.start
                groups.append(
                    .init(
                        name: count == 0 ? group.name : "\(group.name)_\(count + 1)",
                        columns: first ..< first + group.count,
                        kind: group.kind
                    )
                )
            }
        }
        return try ActionSpace(groups: groups)
    }

    /// The map of recorded actions to those that models learn; nil where they are the same.
    ///
    /// - Throws: ``DatasetMappingError`` that names the key at fault.
    func transform(
        _ actions: MappedColumns,
        _ states: MappedColumns?
    ) throws(DatasetMappingError) -> ActionTransform? {
        var parts: [ActionTransform.Part] = []
        for (group, (name, columns)) in zip(action, actions.parts) {
            let key = "action.\(name)"
            if let rotation = group.rotation, columns.count != rotation.columnCount {
                throw DatasetMappingError(
                    file,
                    "\(key).rotation",
                    expected: "a representation of \(columns.count) columns",
                    found: "\(rotation.rawValue) of \(rotation.columnCount)"
                )
            }
            var stateStart: Int?
            if let part = group.relativeTo {
                stateStart = try self.stateStart(of: part, for: columns, "\(key).relative", states)
            }
            let isComposed =
                group.rotation?.isQuaternion == true
                || (group.rotation == .axisAngle && stateStart != nil)
            guard stateStart != nil || group.wrap != nil || isComposed else { continue }
            parts.append(
                ActionTransform.Part(
                    columns: columns,
                    stateStart: stateStart,
                    wrap: group.wrap,
                    rotation: isComposed ? group.rotation : nil
                )
            )
        }
        return parts.isEmpty
            ? nil : ActionTransform(stateDimension: states?.dimension ?? 0, parts: parts)
    }

    /// First column of the state that a group is relative to; without parts of the state, its own columns.
    private func stateStart(
        of part: String,
        for columns: Range<Int>,
        _ key: String,
        _ states: MappedColumns?
    ) throws(DatasetMappingError) -> Int {
        guard let states else {
            throw DatasetMappingError(file, key, expected: "a dataset with states", found: "none")
        }
        guard !state.isEmpty else {
            guard columns.upperBound <= states.dimension else {
                throw DatasetMappingError(
                    file,
                    key,
                    expected:
                        "columns of 'observation.state', which has \(states.dimension), or the key 'state'",
                    found: "columns \(columns.lowerBound):\(columns.upperBound)"
                )
            }
            return columns.lowerBound
        }
        guard let found = states.parts.first(where: { $0.name == part }) else {
            throw DatasetMappingError(
                file,
                key,
                expected: "a part of 'state': \(states.parts.map(\.name).joined(separator: ", "))",
                found: "'\(part)'"
            )
        }
        guard found.columns.count == columns.count else {
            throw DatasetMappingError(
                file,
                key,
                expected: "a part of 'state' of \(columns.count) columns",
                found: "'\(part)' of \(found.columns.count)"
            )
        }
        return found.columns.lowerBound
    }
}

extension Demonstrations {
    /// Names of the action's columns; `column 3` where they have none.
    public var actionNames: [String] {
        actions.sources.enumerated().map { $1.name == "\($1.column)" ? "column \($0)" : $1.name }
    }

    /// Padding of chunks behind an episode's end: zeros for changes and velocities, by the mapping's `mode` or the names of columns
    /// and groups, and the last value for the others.
    var padding: ActionPadding {
        let groups = actionSpace.groups
        return ActionPadding(
            isZero: actions.sources.indices.map { column in
                let group = groups.first { $0.columns.contains(column) }?.name ?? ""
                let part = actions.parts.first { $0.columns.contains(column) }
                let described = mapping?.action.first { $0.name == part?.name }
                if let mode = described?.mode { return mode != .absolute }
                // Only absolute actions become relative to a state.
                guard described?.relativeTo == nil else { return false }
                return ActionPadding.isRelative(name: actions.sources[column].name)
                    || ActionPadding.isRelative(name: group)
            }
        )
    }

    /// The mapping, given or read off the dataset, in lines; the same in every run.
    public var mappingLines: [String] {
        let padding = padding
        var lines = actionSpace.groups.map { group in
            let part = mapping?.action.first { $0.name == group.name }
            var words = [group.kind.rawValue]
            if let units = part?.units { words.append(units) }
            if let rotation = part?.rotation { words.append(rotation.rawValue) }
            let isChange = padding.isZero[group.start]
            if let part { words.append(part.mode?.rawValue ?? (isChange ? "changes" : "absolute")) }
            if let relative = part?.relativeTo {
                let state = mapping?.state.isEmpty == true ? "observation.state" : relative
                words.append("relative to \(state) at a chunk's start")
            }
            if let wrap = part?.wrap {
                words.append("wraps within \(wrap.lowerBound) ... \(wrap.lowerBound + wrap.period)")
            }
            if part == nil { words += relativeWords(group.columns) }
            words.append("\(paddingWords(padding, group.columns)) behind an episode's end")
            return "  action \(group.name) = \(actions.description(of: group.columns)): "
                + words.joined(separator: ", ")
        }
        if let states = try? states() {
            lines += states.parts.map {
                let name = mapping?.state.isEmpty == false ? " \($0.name)" : ""
                return "  state\(name) = \(states.description(of: $0.columns))"
            }
        }
        for camera in mapping?.cameras ?? [] { lines.append("  camera \(camera.name) = \(camera.feature)") }
        return lines
    }

    /// The relative columns of a group that no mapping describes, in words.
    private func relativeWords(_ columns: Range<Int>) -> [String] {
        guard mapping == nil, let transform, let states = try? states() else { return [] }
        return transform.parts.filter { columns.contains($0.start) }.compactMap { part in
            guard let start = part.stateStart else { return nil }
            let names = actionNames[part.start ..< part.start + part.count].joined(separator: ", ")
            let wrap = part.wrap.map {
                ", wraps within \($0.lowerBound) ... \($0.lowerBound + $0.period)"
            }
            let source = states.description(of: start ..< start + part.count)
            let isByName =
                states.names.map { Array($0[start ..< start + part.count]) }
                == Array(actionNames[part.start ..< part.start + part.count])
            return
                "\(names) relative to \(source)\(isByName ? "" : ", by position,") at a chunk's start\(wrap ?? "")"
        }
    }

    /// The padding of a group's columns in words; the columns by name where they differ.
    private func paddingWords(_ padding: ActionPadding, _ columns: Range<Int>) -> String {
        let zero = columns.filter { padding.isZero[$0] }
        guard !zero.isEmpty else { return "held" }
        return zero.count == columns.count
            ? "0" : "0 in \(zero.map { actionNames[$0] }.joined(separator: ", ")), else held"
    }

    /// The image feature of the dataset that a policy knows as `camera`.
    ///
    /// - Throws: ``DatasetMappingError`` where the mapping names a feature that the dataset does not have.
    func imageFeature(of camera: String) throws(DatasetMappingError) -> String {
        guard let mapping, let mapped = mapping.cameras.first(where: { $0.name == camera }) else {
            return camera
        }
        guard dataset.cameras.contains(mapped.feature) else {
            throw DatasetMappingError(
                mapping.file,
                "cameras.\(mapped.feature)",
                expected: "one of the dataset's cameras \(dataset.cameras.joined(separator: ", "))",
                found: "no images of it"
            )
        }
        return mapped.feature
    }
}
