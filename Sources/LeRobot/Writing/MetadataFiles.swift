import Foundation
import Support

/// Writes the files of `meta` that describe the dataset as a whole.
struct MetadataFiles {
    let folder: URL

    /// Writes `meta/info.json`.
    func write(_ info: DatasetInfo) throws(LeRobotError) { try write(info, to: "meta/info.json") }

    /// Writes `meta/stats.json`; colours have the shape `[3, 1, 1]`.
    func write(_ summaries: [String: ColumnSummary], cameras: [String]) throws(LeRobotError) {
        var features: [String: [String: [JSONNumbers]]] = [:]
        for (feature, summary) in summaries {
            var values: [String: [JSONNumbers]] = ["count": [.number(Double(summary.count))]]
            for part in ColumnSummary.parts {
                values[part.key] = part.values(summary).map {
                    cameras.contains(feature) ? .list([.list([.number($0)])]) : .number($0)
                }
            }
            features[feature] = values
        }
        try write(features, to: "meta/stats.json")
    }

    /// Writes `meta/tasks.parquet`: a pandas table whose index is the task's text.
    func write(tasks: [String]) throws(LeRobotError) {
        let url = folder.appending(path: "meta/tasks.parquet")
        try createParent(of: url)
        let file = try ParquetFileWriter(
            creating: url,
            fields: [ParquetFieldSpec("task_index", .integer), ParquetFieldSpec("task", .text)],
            metadata: ["pandas": Self.pandasMetadata]
        )
        try file.writeRowGroup(rows: tasks.count, [.integers(Array(tasks.indices)), .texts(tasks)])
        try file.finish()
    }

    /// Metadata by which pandas restores the index.
    private static let pandasMetadata = """
        {"index_columns": ["task"], "column_indexes": [{"name": null, "field_name": null, \
        "pandas_type": "unicode", "numpy_type": "object", "metadata": {"encoding": "UTF-8"}}], \
        "columns": [{"name": "task_index", "field_name": "task_index", "pandas_type": "int64", \
        "numpy_type": "int64", "metadata": null}, {"name": "task", "field_name": "task", \
        "pandas_type": "unicode", "numpy_type": "object", "metadata": null}], \
        "creator": {"library": "pyarrow", "version": "21.0.0"}, "pandas_version": "2.2.0"}
        """

    private func write(_ content: some Encodable, to path: String) throws(LeRobotError) {
        let url = folder.appending(path: path)
        try durably(url) { try DurableFile.writeJSON(content, to: url) }
    }
}

/// Nested lists of numbers in a JSON file.
private enum JSONNumbers: Encodable {
    case number(Double)
    case list([JSONNumbers])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        }
    }
}
