public import Support

/// Map of actions as a robot executes them to those that a model learns, and back.
///
/// Parts of an action become relative to the robot's state at the first step of their chunk; angles and quaternions become
/// continuous along the chunk. The map belongs to the model's normalization and is stored with it.
///
/// Source: openpi's `DeltaActions` and `AbsoluteActions`.
public struct ActionTransform: Codable, Equatable, Sendable, CustomStringConvertible {
    /// Representation of a rotation by columns.
    public enum Rotation: String, NamedChoice {
        /// Roll, pitch and yaw, or other angles about axes.
        case euler
        /// Rotation vector: axis times angle, radians.
        case axisAngle = "axis-angle"
        /// Unit quaternion, real part last.
        case quaternionXYZW = "quaternion-xyzw"
        /// Unit quaternion, real part first.
        case quaternionWXYZ = "quaternion-wxyz"
        /// The first two columns of a rotation matrix.
        case sixD = "6d"

        /// Number of columns.
        public var columnCount: Int {
            switch self {
            case .euler, .axisAngle: 3
            case .quaternionXYZW, .quaternionWXYZ: 4
            case .sixD: 6
            }
        }

        /// Returns true for the unit quaternions.
        public var isQuaternion: Bool { self == .quaternionXYZW || self == .quaternionWXYZ }
    }

    /// Interval of an angle that repeats.
    public struct Wrap: Codable, Equatable, Sendable {
        /// Smallest value that the robot takes, for example -pi.
        public var lowerBound: Float

        /// Length of the interval: one turn in the column's units.
        public var period: Float

        /// Creates the interval from `lowerBound` on.
        public init(from lowerBound: Float, period: Float) {
            self.lowerBound = lowerBound
            self.period = period
        }
    }

    /// Neighbouring columns that are transformed alike.
    public struct Part: Codable, Equatable, Sendable {
        /// First column of the action.
        public var start: Int

        /// Number of columns.
        public var count: Int

        /// First column of the state that the part is relative to; nil for absolute actions.
        public var stateStart: Int?

        /// Interval of angles that repeat.
        public var wrap: Wrap?

        /// Representation of a rotation that is composed, not subtracted; nil for subtraction.
        public var rotation: Rotation?

        /// Creates a part.
        public init(
            columns: Range<Int>,
            stateStart: Int? = nil,
            wrap: Wrap? = nil,
            rotation: Rotation? = nil
        ) {
            start = columns.lowerBound
            count = columns.count
            self.stateStart = stateStart
            self.wrap = wrap
            self.rotation = rotation
        }
    }

    /// Columns of the robot's state.
    public var stateDimension: Int

    /// The parts; other columns stay as they are.
    public var parts: [Part]

    /// Map to the model's rate; nil where robot and model have one.
    public var resampling: ActionResampling?

    /// Returns true if a part is relative to the robot's state.
    public var isRelative: Bool { parts.contains { $0.stateStart != nil } }

    /// The parts in words, for example `columns 0:7 relative to state 0:7, wrapping`.
    public var description: String {
        let words = parts.map { part in
            var words = ["columns \(part.start):\(part.start + part.count)"]
            if let start = part.stateStart {
                words.append("relative to state \(start):\(start + part.count)")
            }
            if let rotation = part.rotation { words.append("as \(rotation.rawValue)") }
            if let wrap = part.wrap {
                words.append("within \(wrap.lowerBound) ... \(wrap.lowerBound + wrap.period)")
            }
            return words.joined(separator: " ")
        }
        let rates = resampling.map { ["\($0)"] } ?? []
        return (words + rates).joined(separator: ", ")
    }

    /// Creates a transform of `parts`.
    public init(stateDimension: Int, parts: [Part], resampling: ActionResampling? = nil) {
        self.stateDimension = stateDimension
        self.parts = parts
        self.resampling = resampling
    }

    /// Control steps of the robot in a chunk of `horizon` steps of the model.
    public func robotSteps(ofModel horizon: Int) -> Int {
        resampling?.robotSteps(ofModel: horizon) ?? horizon
    }

    /// Checks the parts against an action of `columns` columns.
    ///
    /// - Throws: `InvalidValue` that names the part's field.
    public func validate(columns: Int) throws(InvalidValue) {
        if let resampling {
            do { try resampling.validate(columns: columns) } catch {
                throw error.inside("transform.resampling")
            }
        }
        try Validation.require(["transform.stateDimension": stateDimension], atLeast: 0)
        for (index, part) in parts.enumerated() {
            let key = "transform.parts[\(index)]"
            try Validation.require(
                part.start >= 0 && part.count > 0 && part.start <= columns - part.count,
                "\(key).start",
                "columns within 0:\(columns)",
                found: "\(part.start), count \(part.count)"
            )
            if let start = part.stateStart {
                try Validation.require(
                    start >= 0 && start <= stateDimension - part.count,
                    "\(key).stateStart",
                    "columns within the state's 0:\(stateDimension)",
                    found: start
                )
            }
            if let wrap = part.wrap {
                try Validation.require(
                    wrap.period > 0 && wrap.period.isFinite && wrap.lowerBound.isFinite,
                    "\(key).wrap",
                    "a finite interval",
                    found: "\(wrap.period) from \(wrap.lowerBound)"
                )
            }
            if let rotation = part.rotation {
                try Validation.require(
                    part.count == rotation.columnCount && (rotation.isQuaternion || rotation == .axisAngle),
                    "\(key).rotation",
                    "a quaternion of 4 columns or an axis-angle of 3",
                    found: "\(rotation.rawValue), \(part.count) columns"
                )
            }
        }
    }

    /// Chunks as a robot executes them, as the model learns them.
    ///
    /// - Parameters:
    ///   - chunks: `[count, steps of the robot, dimension]`.
    ///   - states: The robot's state at the first step of every chunk, `[count, stateDimension]`.
    ///   - horizon: Steps of the model in a chunk; nil for as many as its rate says.
    /// - Returns: The transformed chunks.
    public func transformed(_ chunks: ActionChunks, states: [Float], horizon: Int? = nil) -> ActionChunks {
        let transformed = map(chunks, states) { part, chunk, state in
            if let rotation = part.rotation {
                part.compose(rotation, &chunk, state)
            } else {
                part.subtract(&chunk, state)
            }
        }
        return resampling.map {
            $0.resampled(transformed, to: horizon ?? $0.modelSteps(ofRobot: chunks.horizon))
        } ?? transformed
    }

    /// The reverse of ``transformed(_:states:horizon:)``: quaternions of unit length, angles within their interval.
    public func restored(_ chunks: ActionChunks, states: [Float]) -> ActionChunks {
        let chunks =
            resampling.map { $0.resampled(chunks, to: $0.robotSteps(ofModel: chunks.horizon)) } ?? chunks
        return map(chunks, states) { part, chunk, state in
            if let rotation = part.rotation {
                part.decompose(rotation, &chunk, state)
            } else {
                part.add(&chunk, state)
            }
        }
    }

    /// Changes every part of every chunk.
    private func map(
        _ chunks: ActionChunks,
        _ states: [Float],
        _ change: (Part, inout PartRows, ArraySlice<Float>?) -> Void
    ) -> ActionChunks {
        precondition(
            !isRelative || states.count == chunks.count * stateDimension,
            "relative actions need one state a chunk"
        )
        var result = chunks
        for part in parts {
            for chunk in 0 ..< chunks.count {
                let first = chunk * chunks.horizon * chunks.dimension + part.start
                let offsets = (0 ..< chunks.horizon).map { first + $0 * chunks.dimension }
                var rows = PartRows(
                    rows: offsets.map { Array(chunks.values[$0 ..< $0 + part.count]) }
                )
                let state = part.stateStart.map { start in
                    let from = chunk * stateDimension + start
                    return states[from ..< from + part.count]
                }
                change(part, &rows, state)
                for (offset, row) in zip(offsets, rows.rows) {
                    result.values.replaceSubrange(offset ..< offset + part.count, with: row)
                }
            }
        }
        return result
    }
}

/// A part's columns of one chunk, `[horizon][count]`.
private struct PartRows {
    var rows: [[Float]]
}

extension ActionTransform.Part {
    /// Subtracts the state, and makes angles continuous from step to step.
    fileprivate func subtract(_ chunk: inout PartRows, _ state: ArraySlice<Float>?) {
        let reference = state.map(Array.init) ?? Array(repeating: 0, count: count)
        for step in chunk.rows.indices {
            for column in 0 ..< count {
                let value = chunk.rows[step][column] - reference[column]
                guard let wrap else {
                    chunk.rows[step][column] = value
                    continue
                }
                let near =
                    step > 0
                    ? chunk.rows[step - 1][column] : state == nil ? wrap.lowerBound + wrap.period / 2 : 0
                chunk.rows[step][column] = wrap.nearest(value, to: near)
            }
        }
    }

    /// Adds the state, and brings angles into their interval.
    fileprivate func add(_ chunk: inout PartRows, _ state: ArraySlice<Float>?) {
        let reference = state.map(Array.init) ?? Array(repeating: 0, count: count)
        for step in chunk.rows.indices {
            for column in 0 ..< count {
                let value = chunk.rows[step][column] + reference[column]
                chunk.rows[step][column] = wrap.map { $0.wrapped(value) } ?? value
            }
        }
    }

    /// Composes rotations with the inverse of the state's, and chooses the signs of quaternions along the chunk.
    fileprivate func compose(
        _ rotation: ActionTransform.Rotation,
        _ chunk: inout PartRows,
        _ state: ArraySlice<Float>?
    ) {
        let inverse = state.map { Quaternion(Array($0), rotation).conjugate }
        var last = Quaternion.identity
        for step in chunk.rows.indices {
            var turn = Quaternion(chunk.rows[step], rotation)
            if let inverse { turn = inverse * turn }
            last = turn.signed(like: last)
            chunk.rows[step] = last.columns(rotation)
        }
    }

    /// Composes rotations with the state's.
    fileprivate func decompose(
        _ rotation: ActionTransform.Rotation,
        _ chunk: inout PartRows,
        _ state: ArraySlice<Float>?
    ) {
        let origin = state.map { Quaternion(Array($0), rotation) }
        for step in chunk.rows.indices {
            let turn = Quaternion(chunk.rows[step], rotation)
            chunk.rows[step] = (origin.map { $0 * turn } ?? turn).columns(rotation)
        }
    }
}

extension ActionTransform.Wrap {
    /// The angle that differs from `value` by whole turns and is nearest to `other`.
    fileprivate func nearest(_ value: Float, to other: Float) -> Float {
        value - period * ((value - other) / period).rounded()
    }

    /// The angle within the interval.
    fileprivate func wrapped(_ value: Float) -> Float {
        guard !(lowerBound ... lowerBound + period).contains(value) else { return value }
        return value - period * ((value - lowerBound) / period).rounded(.down)
    }
}
