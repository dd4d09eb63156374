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

    /// Rows of every row group.
    let groups: [Range<Int>]

    private let file: OpaquePointer

    /// Opens a file and reads its footer.
    init(opening url: URL) throws(LeRobotError) {
        path = url.path
        guard FileManager.default.fileExists(atPath: path) else {
            throw .unreadable(file: path, reason: "no such file")
        }
        try Self.checkEnd(of: path)
        guard let file = parquet_open(path) else { throw .parquet(path) }
        self.file = file
        rowCount = Int(parquet_row_count(file))
        columns = (0 ..< parquet_column_count(file)).map {
            (String(cString: parquet_column_name(file, $0)), String(cString: parquet_column_type(file, $0)))
        }
        var groups: [Range<Int>] = []
        for group in 0 ..< parquet_group_count(file) {
            let first = groups.last?.upperBound ?? 0
            groups.append(first ..< first + Int(parquet_group_rows(file, group)))
        }
        self.groups = groups
    }

    deinit { parquet_close(file) }

    /// Throws where the file does not end as Parquet does: a recording that was interrupted, or a copy that was cut off.
    private static func checkEnd(of path: String) throws(LeRobotError) {
        guard let handle = FileHandle(forReadingAtPath: path) else { return }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        func wrong(_ what: String) -> LeRobotError {
            .unreadable(
                file: path,
                reason:
                    "\(what): the recording was interrupted or the copy is incomplete; fetch the file anew, "
                    + "or leave its episodes out"
            )
        }
        guard size > 0 else { throw wrong("the file is empty (0 bytes)") }
        guard size >= 12 else { throw wrong("the file is cut off after \(size) bytes") }
        try? handle.seek(toOffset: 0)
        let start = try? handle.read(upToCount: 12)
        let magic = Data("PAR1".utf8)
        guard start?.prefix(4) == magic else {
            let isPointer = start?.starts(with: Data("version http".utf8)) ?? false
            throw .unreadable(
                file: path,
                reason: isPointer
                    ? "it is a pointer of Git LFS instead of the file; fetch it with `git lfs pull`"
                    : "it is no Parquet file"
            )
        }
        try? handle.seek(toOffset: size - 4)
        guard (try? handle.read(upToCount: 4)) == magic else { throw wrong("the file has no footer") }
    }

    /// Returns true if there is a top-level column of this name.
    func has(_ name: String) -> Bool { columns.contains { $0.name == name } }

    /// Arrow's name of a column's type.
    func type(of name: String) -> String? { columns.first { $0.name == name }?.type }

    /// Reads a column, whole or of some row groups.
    func column(_ name: String, groups: Range<Int>? = nil) throws(LeRobotError) -> ParquetColumnValues {
        guard let index = columns.firstIndex(where: { $0.name == name }) else {
            throw .wrongField(
                file: path,
                field: name,
                expected: "a column of this name",
                found: columns.map(\.name).joined(separator: ", ")
            )
        }
        let groups = groups ?? self.groups.indices
        let first = Int32(groups.lowerBound)
        guard let column = parquet_read_column(file, Int32(index), first, Int32(groups.count)) else {
            throw .wrongField(
                file: path,
                field: name,
                expected: "a readable column of \(rowCount) rows",
                found: String(cString: parquet_last_error())
            )
        }
        return ParquetColumnValues(column: column, name: name, type: columns[index].type, path: path)
    }

    /// A column with one integer a row.
    func integers(_ name: String) throws(LeRobotError) -> [Int] { try column(name).integers() }

    /// A column with one integer a row, nil for null; nil throughout where there is no such column.
    func optionalIntegers(_ name: String) throws(LeRobotError) -> [Int?] {
        guard has(name) else { return Array(repeating: nil, count: rowCount) }
        return try column(name).optionalIntegers()
    }

    /// Smallest and largest integer of a column in a row group, from the footer; nil if it has none.
    func range(of name: String, group: Int) -> ClosedRange<Int>? {
        guard let index = columns.firstIndex(where: { $0.name == name }) else { return nil }
        var smallest: Int64 = 0
        var largest: Int64 = 0
        guard parquet_group_range(file, Int32(group), Int32(index), &smallest, &largest), smallest <= largest
        else { return nil }
        return Int(smallest) ... Int(largest)
    }
}

extension LeRobotError {
    /// The last failure of the Parquet library on this thread.
    static func parquet(_ path: String) -> LeRobotError {
        .unreadable(file: path, reason: String(cString: parquet_last_error()))
    }
}
