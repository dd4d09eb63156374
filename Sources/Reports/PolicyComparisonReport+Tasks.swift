extension PolicyComparisonReport {
    /// A table for each row but the first, where there are several tasks.
    var taskTables: String {
        guard let first = rows.first else { return "" }
        return rows.filter { $0.tasks.count > 1 }.map { row in
            Table(
                caption: "\(row.name) beside \(first.name): success by task, and the paired difference.",
                header: ["task", first.name, row.name, "difference", "scenes"],
                rows: row.tasks.map { task in
                    [
                        task.name, task.baseline.percent, task.success.percent, Self.points(task.difference),
                        "\(task.scenes)",
                    ].map { Table.Cell(text: $0) }
                }
            ).markup
        }.joined(separator: "\n")
    }

    /// A difference of rates and its interval, in percentage points.
    static func points(_ difference: (value: Double, low: Double, high: Double)) -> String {
        let ends = [difference.low, difference.high].map { (100 * $0).fixed(1) }
        return "\((100 * difference.value).fixed(1)) points (\(ends[0]) to \(ends[1]))"
    }
}
