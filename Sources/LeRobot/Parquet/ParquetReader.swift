import CParquet
import Foundation

/// An open Parquet file.
final class ParquetReader {
    /// Path, as errors name it.
    let path: String

    /// Rows in the file, as its footer says.
    let rowCount: Int

    /// Top-level columns and Arrow's names of their types, in order.
    let columns: [(name: String, type: String)]

    private let file: OpaquePointer

    /// Opens a file and reads its schema.
    init(opening url: URL) throws(LeRobotError) {
        path = url.path
        guard FileManager.default.fileExists(atPath: path) else {
            throw .unreadable(file: path, reason: "no such file")
        }
        guard let file = parquet_open(path) else { throw .parquet(path) }
        self.file = file
        rowCount = Int(parquet_row_count(file))
        columns = (0 ..< parquet_column_count(file)).map {
            (String(cString: parquet_column_name(file, $0)), String(cString: parquet_column_type(file, $0)))
        }
    }

    deinit { parquet_close(file) }

    /// Whether there is a top-level column of this name.
    func has(_ name: String) -> Bool { columns.contains { $0.name == name } }

    /// Reads a column whole.
    func column(_ name: String) throws(LeRobotError) -> ParquetColumnValues {
        guard let index = columns.firstIndex(where: { $0.name == name }) else {
            throw .wrongField(
                file: path,
                field: name,
                expected: "a column of this name",
                found: columns.map(\.name).joined(separator: ", ")
            )
        }
        guard let column = parquet_read_column(file, Int32(index)) else {
            throw .wrongField(
                file: path,
                field: name,
                expected: "a readable column of \(rowCount) rows",
                found: String(cString: parquet_last_error())
            )
        }
        return ParquetColumnValues(
            column: column,
            name: name,
            type: columns[index].type,
            path: path,
            rowCount: rowCount
        )
    }

    /// A column with one integer a row.
    func integers(_ name: String) throws(LeRobotError) -> [Int] { try column(name).integers() }
}

extension LeRobotError {
    /// The last failure of the Parquet library on this thread.
    static func parquet(_ path: String) -> LeRobotError {
        .unreadable(file: path, reason: String(cString: parquet_last_error()))
    }
}
