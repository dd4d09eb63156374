import Foundation

/// Columns of a numeric feature, as part of a combined one.
public struct ColumnSlice: Equatable, Sendable {
    /// A quantity whose recorded values jump although it moves continuously.
    public enum Continuity: String, CaseIterable, Codable, Sendable {
        /// Rotation whose negative is the same rotation: every sign follows the frame before.
        case quaternion
        /// Angles with a period of 2π: every angle is the one nearest to the frame before.
        case radians
        /// Angles with a period of 360.
        case degrees
    }

    /// Name of the feature.
    public let feature: String

    /// Columns of the feature; nil for all.
    public let columns: Range<Int>?

    /// Jumps to remove within every episode; nil for none.
    public let continuity: Continuity?

    /// Chooses columns of a feature.
    public init(feature: String, columns: Range<Int>? = nil, continuity: Continuity? = nil) {
        self.feature = feature
        self.columns = columns
        self.continuity = continuity
    }
}

extension FrameTable {
    /// Joins columns of features into one feature, in order; it replaces one of the same name.
    ///
    /// - Parameters:
    ///   - name: Name of the combined feature.
    ///   - slices: Its parts, at least one.
    /// - Returns: Number of columns of every part.
    /// - Throws: ``LeRobotError`` when a feature or column does not exist.
    @discardableResult
    public mutating func combine(_ name: String, of slices: [ColumnSlice]) throws(LeRobotError) -> [Int] {
        precondition(!slices.isEmpty, "a combined feature has at least one part")
        var parts: [(values: [Float], dimension: Int)] = []
        var origins: [Origin] = []
        for slice in slices {
            let column = try column(slice.feature)
            let columns = slice.columns ?? 0 ..< column.dimension
            guard columns.lowerBound >= 0, !columns.isEmpty, columns.upperBound <= column.dimension else {
                throw .outOfRange(
                    what: "column of '\(slice.feature)'",
                    index: columns.upperBound - 1,
                    count: column.dimension
                )
            }
            if slice.continuity == .quaternion, columns.count != 4 {
                throw .invalidData(
                    field: slice.feature,
                    expected: "4 columns of a quaternion",
                    found: "\(columns.count)"
                )
            }
            var values: [Float] = []
            values.reserveCapacity(count * columns.count)
            for row in 0 ..< count {
                let first = row * column.dimension
                values += column.values[first + columns.lowerBound ..< first + columns.upperBound]
            }
            if let continuity = slice.continuity {
                for episode in source.episodes {
                    continuity.remove(from: &values, dimension: columns.count, rows: episode.rows)
                }
            }
            parts.append((values, columns.count))
            origins += columns.map { origin(of: slice.feature, column: $0) }
        }
        let dimension = origins.count
        var values: [Float] = []
        values.reserveCapacity(count * dimension)
        for row in 0 ..< count {
            for part in parts { values += part.values[row * part.dimension ..< (row + 1) * part.dimension] }
        }
        combined[name] = origins
        columns[name] = Column(name: name, dimension: dimension, values: values)
        return parts.map(\.dimension)
    }

    /// Names of a feature's columns; nil where the dataset has none that fit.
    ///
    /// The names of a combined feature are those of its parts, behind the part's own name where it is another one.
    public func columnNames(of feature: String) -> [String]? {
        guard let dimension = columns[feature]?.dimension else { return nil }
        if let origins = combined[feature] {
            return origins.map { origin in
                let name = recordedNames(of: origin.feature)?[origin.column]
                guard origin.feature != feature else { return name ?? "\(origin.column)" }
                return "\(origin.feature).\(name ?? "\(origin.column)")"
            }
        }
        let names = recordedNames(of: feature)
        return names?.count == dimension ? names : nil
    }

    private func recordedNames(of feature: String) -> [String]? {
        guard let description = source.info.features[feature], let names = description.names,
            names.count == description.dimension
        else { return nil }
        return names
    }

    /// The recorded column behind one of a feature.
    func origin(of feature: String, column: Int) -> Origin {
        combined[feature]?[column] ?? Origin(feature: feature, column: column)
    }
}

extension ColumnSlice.Continuity {
    /// Removes jumps from rows of `values`, `[count, dimension]`; values that are not finite stay.
    fileprivate func remove(from values: inout [Float], dimension: Int, rows: Range<Int>) {
        for row in rows.dropFirst() {
            let (now, before) = (row * dimension, (row - 1) * dimension)
            switch self {
            case .quaternion:
                var product: Float = 0
                for column in 0 ..< dimension { product += values[now + column] * values[before + column] }
                guard product < 0 else { continue }
                for column in 0 ..< dimension { values[now + column].negate() }
            case .radians, .degrees:
                let period: Float = self == .radians ? 2 * .pi : 360
                for column in 0 ..< dimension {
                    let turns = ((values[now + column] - values[before + column]) / period).rounded()
                    if turns.isFinite, turns != 0 { values[now + column] -= turns * period }
                }
            }
        }
    }
}
