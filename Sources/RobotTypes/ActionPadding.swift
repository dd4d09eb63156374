/// Values of a chunk's steps behind its episode's end.
///
/// A robot that has finished stands still: a column of targets holds its last value, a column of changes or velocities is 0.
/// Repeating the last change would teach models to go on moving.
public struct ActionPadding: Equatable, Sendable {
    /// True for every column that is 0 behind the end, false for those that hold their last value.
    public let isZero: [Bool]

    /// Creates a padding from the columns' flags.
    public init(isZero: [Bool]) { self.isZero = isZero }

    /// Returns true if the name of a column or group says that it holds changes or velocities, for example `delta_x`,
    /// `dx`, `x.vel` or `base_velocity`.
    public static func isRelative(name: String) -> Bool {
        let name = name.lowercased()
        // Digits belong to a word: `vx300s` is a robot.
        let words = Set(name.split { !$0.isLetter && !$0.isNumber }.map(String.init))
        return ["delta", "veloc", "relative"].contains { name.contains($0) }
            || !words.isDisjoint(with: relativeWords)
    }

    private static let relativeWords: Set = [
        "vel", "vels", "speed", "twist", "rel", "diff", "dx", "dy", "dz", "droll", "dpitch", "dyaw", "drx",
        "dry",
        "drz", "dq", "dtheta", "vx", "vy", "vz", "vtheta", "vyaw", "wx", "wy", "wz", "omega",
    ]
}

extension ActionChunks {
    /// The chunks with `padding` behind the valid steps.
    public func padded(by padding: ActionPadding) -> ActionChunks {
        precondition(padding.isZero.count == dimension, "one flag a column")
        let columns = padding.isZero.indices.filter { padding.isZero[$0] }
        guard !columns.isEmpty else { return self }
        var result = self
        for chunk in 0 ..< count {
            for step in validSteps[chunk] ..< horizon {
                for column in columns { result.values[(chunk * horizon + step) * dimension + column] = 0 }
            }
        }
        return result
    }
}
