internal import LeRobot
internal import RobotTypes

extension Demonstrations {
    /// A column of actions that moves too little for its width to be a scale.
    public struct NarrowColumn: Equatable, Sendable {
        /// Index among the columns of an action.
        public let index: Int

        /// Name of the column, if the dataset has names.
        public let name: String?

        /// Smallest and largest value, in the robot's units.
        public let range: ClosedRange<Float>

        /// The column in words.
        public var description: String {
            let column = "column \(index)" + (name.map { " (\($0))" } ?? "")
            return range.lowerBound == range.upperBound
                ? "\(column) is constant (\(range.lowerBound))"
                : "\(column) hardly moves, between \(range.lowerBound) and \(range.upperBound)"
        }
    }

    /// Columns of the actions in `episodes` (nil: in all) that are constant or narrower than
    /// `Normalization.minimumRelativeWidth` of their size.
    public func narrowColumns(episodes: [Int]?) -> [NarrowColumn] {
        let column = actions.values
        let rows = rows(of: episodes)
        return (0 ..< column.dimension).compactMap { index in
            let values = rows.lazy.map { column.values[$0 * column.dimension + index] }.filter(\.isFinite)
            guard var smallest = values.first else { return nil }
            var largest = smallest
            for value in values {
                smallest = min(smallest, value)
                largest = max(largest, value)
            }
            let centre = (smallest + largest) / 2
            guard (largest - smallest) / 2 <= Normalization.minimumRelativeWidth * abs(centre) else {
                return nil
            }
            let source = actions.sources[index]
            return NarrowColumn(
                index: index,
                name: source.name == "\(source.column)" ? nil : source.name,
                range: smallest ... largest
            )
        }
    }
}
