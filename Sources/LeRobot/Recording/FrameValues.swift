public import RobotTypes

/// Values of a numeric feature at one step, or at several one after the other.
public enum FrameValues: Equatable, Sendable {
    /// Float32.
    case floats([Float])
    /// Float64.
    case doubles([Double])
    /// Int64.
    case integers([Int])
    /// Truth values.
    case booleans([Bool])

    /// Number of values.
    public var count: Int {
        switch self {
        case .floats(let values): values.count
        case .doubles(let values): values.count
        case .integers(let values): values.count
        case .booleans(let values): values.count
        }
    }

    /// LeRobot's name of the type.
    public var dtype: String {
        switch self {
        case .floats: "float32"
        case .doubles: "float64"
        case .integers: "int64"
        case .booleans: "bool"
        }
    }

    /// The values as another type; nil where a value of that type cannot be of this one: no fraction becomes a whole
    /// number, and no number a truth value.
    public func converted(to dtype: String) -> FrameValues? {
        if self.dtype == dtype { return self }
        switch (self, dtype) {
        case (.booleans, _), (_, "bool"), (_, "int64"): return nil
        case (.doubles(let values), "float32"): return .floats(values.map(Float.init))
        case (.integers(let values), "float32"): return .floats(values.map(Float.init))
        case (.floats(let values), "float64"): return .doubles(values.map(Double.init))
        case (.integers(let values), "float64"): return .doubles(values.map(Double.init))
        default: return nil
        }
    }

    /// Index of the first value that is not finite.
    public var firstNotFinite: Int? {
        switch self {
        case .floats(let values): values.firstIndex { !$0.isFinite }
        case .doubles(let values): values.firstIndex { !$0.isFinite }
        case .integers, .booleans: nil
        }
    }

    /// No values of a type; nil for a type that is not recorded.
    init?(emptyOf dtype: String) {
        switch dtype {
        case "float32": self = .floats([])
        case "float64": self = .doubles([])
        case "int64": self = .integers([])
        case "bool": self = .booleans([])
        default: return nil
        }
    }

    /// Appends values of the same type.
    ///
    /// - Returns: False for values of another type.
    mutating func append(_ other: FrameValues) -> Bool {
        // Leaves the values with one owner, so that they grow in place.
        let present = self
        self = .booleans([])
        switch (consume present, other) {
        case (.floats(var values), .floats(let more)):
            values += more
            self = .floats(values)
        case (.doubles(var values), .doubles(let more)):
            values += more
            self = .doubles(values)
        case (.integers(var values), .integers(let more)):
            values += more
            self = .integers(values)
        case (.booleans(var values), .booleans(let more)):
            values += more
            self = .booleans(values)
        case (let present, _):
            self = present
            return false
        }
        return true
    }

    /// The values for a Parquet column.
    var parquet: ParquetValues {
        switch self {
        case .floats(let values): .floats(values)
        case .doubles(let values): .doubles(values)
        case .integers(let values): .integers(values)
        case .booleans(let values): .booleans(values)
        }
    }

    /// The values for statistics.
    var floats: [Float] {
        switch self {
        case .floats(let values): values
        case .doubles(let values): values.map(Float.init)
        case .integers(let values): values.map(Float.init)
        case .booleans(let values): values.map { $0 ? 1 : 0 }
        }
    }
}

/// Numbers and images of one step.
public struct RecordedFrame: Equatable, Sendable {
    /// Values of every numeric feature, by name.
    public var numbers: [String: FrameValues]

    /// An image of every camera, by the camera's name.
    public var images: [String: Image]

    /// Instruction in plain words.
    public var task: String

    /// Puts a step together.
    public init(numbers: [String: FrameValues], images: [String: Image] = [:], task: String) {
        self.numbers = numbers
        self.images = images
        self.task = task
    }
}
