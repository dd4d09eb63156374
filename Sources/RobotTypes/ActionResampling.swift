public import Support

/// Map of chunks between a robot's control rate and a model's: both span the same time, in other numbers of steps.
///
/// Targets and velocities are interpolated between steps; the first and the last step stay where they are. Changes add up over
/// the steps that a new one covers, so that a chunk's total motion stays the same.
public struct ActionResampling: Codable, Equatable, Sendable, CustomStringConvertible {
    /// Control steps of the robot in a second.
    public var robotRate: Double

    /// Steps of the model in a second.
    public var modelRate: Double

    /// Columns of changes from step to step.
    public var changes: [Int]

    /// Describes a map between two rates.
    public init(robotRate: Double, modelRate: Double, changes: [Int]) {
        self.robotRate = robotRate
        self.modelRate = modelRate
        self.changes = changes
    }

    /// The rates in words.
    public var description: String {
        func text(_ rate: Double) -> String { String(Float((rate * 1000).rounded() / 1000)) }
        return "\(text(robotRate)) Hz of the robot as \(text(modelRate)) Hz"
    }

    /// Control steps of the robot in a chunk of `horizon` steps of the model.
    public func robotSteps(ofModel horizon: Int) -> Int {
        max(1, Int((Double(horizon) * robotRate / modelRate).rounded()))
    }

    /// Steps of the model in a chunk of `horizon` control steps of the robot.
    func modelSteps(ofRobot horizon: Int) -> Int {
        max(1, Int((Double(horizon) * modelRate / robotRate).rounded()))
    }

    /// Checks the map against an action of `columns` columns.
    ///
    /// - Throws: `InvalidValue` that names the field.
    public func validate(columns: Int) throws(InvalidValue) {
        try Validation.require(["robotRate": robotRate, "modelRate": modelRate], in: 1e-3 ... 1e6)
        try Validation.require(
            changes.allSatisfy { (0 ..< columns).contains($0) },
            "changes",
            "columns within 0:\(columns)",
            found: changes
        )
    }

    /// Chunks in `horizon` steps that span the same time.
    public func resampled(_ chunks: ActionChunks, to horizon: Int) -> ActionChunks {
        guard horizon != chunks.horizon else { return chunks }
        let (from, width) = (chunks.horizon, chunks.dimension)
        let isChange = (0 ..< width).map(changes.contains)
        // Between first and last step, for targets; between the beginning of the first and the end of the last, for changes.
        let stride = horizon > 1 ? Double(from - 1) / Double(horizon - 1) : 0
        let span = Double(from) / Double(horizon)
        var values: [Float] = []
        values.reserveCapacity(chunks.count * horizon * width)
        for chunk in 0 ..< chunks.count {
            let rows = (0 ..< from).map { step in
                let first = (chunk * from + step) * width
                return chunks.values[first ..< first + width].map(Double.init)
            }
            for step in 0 ..< horizon {
                for column in 0 ..< width {
                    let value =
                        isChange[column]
                        ? Self.sum(rows, column, from: Double(step) * span, to: Double(step + 1) * span)
                        : Self.interpolated(rows, column, at: Double(step) * stride)
                    values.append(Float(value))
                }
            }
        }
        return ActionChunks(
            count: chunks.count,
            horizon: horizon,
            dimension: width,
            paddedValues: values,
            validSteps: chunks.validSteps.map { valid in
                if valid == from { return horizon }
                return max(
                    1,
                    (0 ..< horizon).filter { Double($0) * stride <= Double(valid - 1) + 1e-9 }.count
                )
            }
        )
    }

    private static func interpolated(_ rows: [[Double]], _ column: Int, at position: Double) -> Double {
        let below = min(rows.count - 1, Int(position))
        let above = min(rows.count - 1, below + 1)
        let fraction = position - Double(below)
        return rows[below][column] + fraction * (rows[above][column] - rows[below][column])
    }

    /// Sum of a column over an interval of steps, the first and the last of which may count in part.
    private static func sum(_ rows: [[Double]], _ column: Int, from start: Double, to end: Double) -> Double {
        (Int(start) ..< min(rows.count, Int(end.rounded(.up)))).reduce(0) { sum, step in
            let part = min(end, Double(step + 1)) - max(start, Double(step))
            return sum + max(0, part) * rows[step][column]
        }
    }
}
