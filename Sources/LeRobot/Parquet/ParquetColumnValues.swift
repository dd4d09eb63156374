import CParquet
import Foundation

/// A column read from a Parquet file, lists flattened.
final class ParquetColumnValues {
    /// Number of rows read.
    let rowCount: Int

    private let column: OpaquePointer
    private let name: String
    private let type: String
    private let path: String

    /// Takes over `column`.
    init(column: OpaquePointer, name: String, type: String, path: String) {
        self.column = column
        self.name = name
        self.type = type
        self.path = path
        rowCount = Int(parquet_column_rows(column))
    }

    deinit { parquet_release_column(column) }

    /// Number of innermost values of a row; nil where the row is null.
    func count(row: Int) -> Int? {
        let count = Int(parquet_count(column, Int64(row)))
        return count < 0 ? nil : count
    }

    /// Number of innermost values of the first row that is not null.
    var width: Int? { (0 ..< rowCount).lazy.compactMap { self.count(row: $0) }.first }

    /// `width` if there is a row of so many values; else that of the first row that has any.
    func width(preferring width: Int) -> Int? {
        if self.width == width { return width }
        let counts = (0 ..< rowCount).lazy.compactMap { self.count(row: $0) }
        return counts.contains(width) ? width : counts.first { $0 > 0 } ?? self.width
    }

    /// All values as `[rowCount, width]`, row-major; all cells of a row with another number are ``Swift/Float/unevenCell``.
    func floatsOfUnevenRows(width: Int) throws(LeRobotError) -> [Float] {
        guard parquet_uneven_row(column, Int64(width)) >= 0 else { return try floats(width: width) }
        var values: [Float] = []
        values.reserveCapacity(rowCount * width)
        for row in 0 ..< rowCount {
            if count(row: row) == width {
                values += try floats(row: row, width: width)
            } else {
                values += Array(repeating: count(row: row) == nil ? .nullCell : .unevenCell, count: width)
            }
        }
        return values
    }

    /// All values as `[rowCount, width]`, row-major; cells that are null are ``Swift/Float/nullCell``.
    func floats(width: Int) throws(LeRobotError) -> [Float] {
        try numbers(width) { parquet_copy_floats(column, Int64(width), .nullCell, $0) }
    }

    /// The `width` values of one row.
    func floats(row: Int, width: Int) throws(LeRobotError) -> [Float] {
        var isCopied = true
        let values = [Float](unsafeUninitializedCapacity: width) { buffer, count in
            if let base = buffer.baseAddress, width > 0 {
                isCopied = parquet_copy_row(column, Int64(row), .nullCell, base)
            }
            count = isCopied ? width : 0
        }
        guard isCopied else { throw wrong("numbers", String(cString: parquet_last_error())) }
        return values
    }

    /// Appends rows to a column of the row group that is written next.
    func append(rows: [Int], to writer: OpaquePointer, column index: Int32) -> Bool {
        parquet_append_rows(writer, index, column, rows.map(Int64.init), Int64(rows.count))
    }

    /// One number a row; NaN for null.
    func doubles() throws(LeRobotError) -> [Double] {
        try numbers(1) { parquet_copy_doubles(column, 1, .nan, $0) }
    }

    /// One integer a row, also one written as text; nil for null.
    func optionalIntegers() throws(LeRobotError) -> [Int?] {
        if type.contains("string") {
            return try texts().map { (text) throws(LeRobotError) in
                guard let text else { return nil }
                guard let number = Int(text) else { throw wrong("a whole number", "'\(text.prefix(40))'") }
                return number
            }
        }
        let values: [Int64] = try numbers(1) { parquet_copy_integers(column, 1, .min, $0) }
        return values.map { $0 == .min ? nil : Int($0) }
    }

    /// One integer a row.
    func integers() throws(LeRobotError) -> [Int] {
        let values = try optionalIntegers()
        if let row = values.firstIndex(of: nil) {
            throw wrong("a whole number in every row", "null in row \(row)")
        }
        return values.compactMap(\.self)
    }

    /// One text a row; nil for null.
    func texts() throws(LeRobotError) -> [String?] {
        var texts: [String?] = []
        texts.reserveCapacity(rowCount)
        for row in 0 ..< rowCount { texts.append(try text(row: row)) }
        return texts
    }

    /// Texts of every row; none where the row is null.
    func textLists() throws(LeRobotError) -> [[String]] {
        var rows: [[String]] = []
        rows.reserveCapacity(rowCount)
        for row in 0 ..< rowCount {
            var texts: [String] = []
            for position in 0 ..< (count(row: row) ?? 0) {
                if let text = try text(row: row, position: position) { texts.append(text) }
            }
            rows.append(texts)
        }
        return rows
    }

    /// Text in a row.
    func text(row: Int, position: Int = 0) throws(LeRobotError) -> String? {
        try withBytes(row: row, position: position) { String(decoding: $0, as: UTF8.self) }
    }

    /// Bytes in a row.
    func data(row: Int) throws(LeRobotError) -> Data? { try withBytes(row: row, position: 0) { Data($0) } }

    private func withBytes<Result>(
        row: Int,
        position: Int,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(LeRobotError) -> Result? {
        guard count(row: row) != nil else { return nil }
        var length: Int64 = 0
        let bytes = parquet_text(column, Int64(row), Int64(position), &length)
        if length == -1 { return nil }
        guard let bytes else { throw wrong("text or bytes", String(cString: parquet_last_error())) }
        return body(UnsafeRawBufferPointer(start: bytes, count: Int(length)))
    }

    /// A field of a column of structs; nil where there is none of this name.
    func field(_ name: String) -> ParquetColumnValues? {
        parquet_field(column, name).map {
            ParquetColumnValues(column: $0, name: "\(self.name).\(name)", type: type, path: path)
        }
    }

    private func numbers<Value>(
        _ width: Int,
        _ copy: (UnsafeMutablePointer<Value>) -> Bool
    ) throws(LeRobotError) -> [Value] {
        let uneven = Int(parquet_uneven_row(column, Int64(width)))
        if uneven >= 0 {
            let expected = width == 1 ? "one value a row" : "\(width) values a row"
            throw wrong(expected, "\(count(row: uneven) ?? 0) in row \(uneven) (\(type))")
        }
        let size = rowCount * width
        var isCopied = true
        let values = [Value](unsafeUninitializedCapacity: size) { buffer, count in
            if let base = buffer.baseAddress, size > 0 { isCopied = copy(base) }
            count = isCopied ? size : 0
        }
        guard isCopied else { throw wrong("numbers", String(cString: parquet_last_error())) }
        return values
    }

    private func wrong(_ expected: String, _ found: String) -> LeRobotError {
        .wrongField(file: path, field: name, expected: expected, found: found)
    }
}

extension Float {
    /// Not a number, as a cell that is null in its file.
    static let nullCell = Float(bitPattern: 0x7FC0_4E55)

    /// Not a number, as a row with another number of values than others.
    static let unevenCell = Float(bitPattern: 0x7FC0_5545)

    /// Not a number, as a frame whose file is absent.
    static let absentCell = Float(bitPattern: 0x7FC0_4142)

    /// The value in words, where it is no finite number.
    var cellDescription: String {
        switch bitPattern {
        case Self.nullCell.bitPattern: "null"
        case Self.unevenCell.bitPattern: "a row with another number of values"
        case Self.absentCell.bitPattern: "nothing, for the file is absent"
        default: isNaN ? "NaN" : "\(self)"
        }
    }
}
