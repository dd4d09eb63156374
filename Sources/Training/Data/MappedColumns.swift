internal import LeRobot
internal import RobotTypes

/// Columns of actions or states, each with the dataset's column that it comes from.
struct MappedColumns: Sendable {
    /// A column of the dataset.
    struct Source: Equatable, Sendable {
        var feature: String
        var column: Int
        var name: String
    }

    /// The values, one row a frame.
    let values: FrameTable.Column

    /// One a column.
    let sources: [Source]

    /// Parts by name, in order.
    let parts: [(name: String, columns: Range<Int>)]

    var dimension: Int { values.dimension }

    /// The dataset's names of the columns; nil where one has none.
    var names: [String]? {
        sources.contains { $0.name == "\($0.column)" } ? nil : sources.map(\.name)
    }

    /// A feature as it is, in one part.
    init(_ column: FrameTable.Column, names: [String]?) {
        values = column
        sources = (0 ..< column.dimension).map { index in
            let name = names.flatMap { $0.count == column.dimension ? $0[index] : nil }
            return Source(feature: column.name, column: index, name: name ?? "\(index)")
        }
        parts = [(column.name, 0 ..< column.dimension)]
    }

    /// Joins the columns that a mapping names.
    ///
    /// - Throws: ``DatasetMappingError`` about a feature or column that the dataset does not have.
    init(
        _ parts: [DatasetMapping.Part],
        key: String,
        as name: String,
        of mapping: DatasetMapping,
        in table: FrameTable
    )
        throws(DatasetMappingError)
    {
        var sources: [Source] = []
        var ranges: [(name: String, columns: Range<Int>)] = []
        for part in parts {
            let first = sources.count
            for feature in part.sources {
                sources += try Self.sources(part, feature, "\(key).\(part.name)", mapping, table)
            }
            ranges.append((part.name, first ..< sources.count))
        }
        self.sources = sources
        self.parts = ranges
        var values: [Float] = []
        values.reserveCapacity(table.count * sources.count)
        let columns = sources.compactMap { table.columns[$0.feature] }
        for row in 0 ..< table.count {
            for (column, source) in zip(columns, sources) {
                values.append(column.values[row * column.dimension + source.column])
            }
        }
        self.values = FrameTable.Column(name: name, dimension: sources.count, values: values)
    }

    private static func sources(
        _ part: DatasetMapping.Part,
        _ feature: String,
        _ key: String,
        _ mapping: DatasetMapping,
        _ table: FrameTable
    ) throws(DatasetMappingError) -> [Source] {
        guard let column = table.columns[feature] else {
            var available = ""
            if case .noSuchFeature(_, _, let names)? = Self.error({ try table.column(feature) }) {
                available = ", such as \(names.joined(separator: ", "))"
            }
            throw DatasetMappingError(
                mapping.file,
                "\(key).source",
                expected: "a numeric feature of the dataset\(available)",
                found: "'\(feature)'"
            )
        }
        let names = table.names(of: feature).flatMap { $0.count == column.dimension ? $0 : nil }
        func source(_ index: Int) -> Source {
            Source(feature: feature, column: index, name: names?[index] ?? "\(index)")
        }
        switch part.columns {
        case .all: return (0 ..< column.dimension).map(source)
        case .positions(let positions):
            if let beyond = positions.first(where: { $0 >= column.dimension }) {
                throw DatasetMappingError(
                    mapping.file,
                    "\(key).columns",
                    expected: "columns of '\(feature)', which has \(column.dimension)",
                    found: "\(beyond)"
                )
            }
            return positions.map(source)
        case .names(let wanted):
            return try wanted.map { (name) throws(DatasetMappingError) in
                if let index = names?.firstIndex(of: name) { return source(index) }
                throw DatasetMappingError(
                    mapping.file,
                    "\(key).columns",
                    expected: names.map { "names of '\(feature)': \($0.joined(separator: ", "))" }
                        ?? "positions, as '\(feature)' has no names",
                    found: "'\(name)'"
                )
            }
        }
    }

    private static func error(_ body: () throws -> some Any) -> LeRobotError? {
        do {
            _ = try body()
            return nil
        } catch { return error as? LeRobotError }
    }

    /// The columns in words: `action.left_arm[0:7]`, `action x, y, z`.
    func description(of range: Range<Int>) -> String {
        var runs: [(feature: String, names: [String])] = []
        for source in sources[range] {
            if runs.last?.feature == source.feature {
                runs[runs.count - 1].names.append(source.name)
            } else {
                runs.append((source.feature, [source.name]))
            }
        }
        return runs.map { "\($0.feature)[\($0.names.joined(separator: ", "))]" }.joined(separator: " + ")
    }
}
