internal import RobotTypes

extension Letterbox {
    /// Positions in the scaled image of those in the recorded one, right and down, -1 to 1 from edge to edge.
    ///
    /// - Parameter recorded: Positions, `[n, 2]`.
    /// - Returns: `[n, 2]`; what lies outside stays outside.
    func positions(_ recorded: [Float]) -> [Float] {
        let scale = [Float(width) / Float(size.width), Float(height) / Float(size.height)]
        let offset = [
            Float(2 * left + width) / Float(size.width) - 1, Float(2 * top + height) / Float(size.height) - 1,
        ]
        return recorded.enumerated().map { index, position in
            abs(position) < 1 ? position * scale[index % 2] + offset[index % 2] : position
        }
    }
}
