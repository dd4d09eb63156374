import CParquet

/// A column read from a Parquet file, lists flattened.
final class ParquetColumnValues {
    private let column: OpaquePointer
    private let name: String
    private let type: String
    private let path: String
    private let rowCount: Int
    private let valueCount: Int

    /// Takes over `column`.
    init(column: OpaquePointer, name: String, type: String, path: String, rowCount: Int) {
        self.column = column
        self.name = name
        self.type = type
        self.path = path
        self.rowCount = rowCount
        valueCount = Int(parquet_value_count(column))
    }

    deinit { parquet_release_column(column) }

    /// Number of innermost values of every row.
    var counts: [Int] {
        let counts = [Int64](unsafeUninitializedCapacity: rowCount) { buffer, count in
            if let base = buffer.baseAddress { parquet_copy_counts(column, base) }
            count = rowCount
        }
        return counts.map(Int.init)
    }

    /// All values as `[rowCount, width]`, row-major.
    func floats(width: Int) throws(LeRobotError) -> [Float] {
        try requireWidth(width)
        return try numbers { parquet_copy_floats(column, $0) }
    }

    /// One number a row.
    func doubles() throws(LeRobotError) -> [Double] {
        try requireWidth(1)
        return try numbers { parquet_copy_doubles(column, $0) }
    }

    /// One integer a row.
    func integers() throws(LeRobotError) -> [Int] {
        try requireWidth(1)
        let values: [Int64] = try numbers { parquet_copy_integers(column, $0) }
        return values.map(Int.init)
    }

    /// One text a row.
    func texts() throws(LeRobotError) -> [String] {
        try requireWidth(1)
        return try textLists().map { $0[0] }
    }

    /// Every row's texts.
    func textLists() throws(LeRobotError) -> [[String]] {
        var next: Int64 = 0
        var rows: [[String]] = []
        for count in counts {
            var row: [String] = []
            for _ in 0 ..< count {
                var length: Int64 = 0
                guard let bytes = parquet_text(column, next, &length) else { throw wrongType("text") }
                row.append(
                    String(decoding: UnsafeRawBufferPointer(start: bytes, count: Int(length)), as: UTF8.self)
                )
                next += 1
            }
            rows.append(row)
        }
        return rows
    }

    private func numbers<Value>(_ copy: (UnsafeMutablePointer<Value>) -> Bool) throws(LeRobotError) -> [Value]
    {
        var isCopied = true
        let values = [Value](unsafeUninitializedCapacity: valueCount) { buffer, count in
            if let base = buffer.baseAddress, valueCount > 0 { isCopied = copy(base) }
            count = isCopied ? valueCount : 0
        }
        guard isCopied else { throw wrongType("numbers") }
        return values
    }

    private func requireWidth(_ width: Int) throws(LeRobotError) {
        guard let row = counts.firstIndex(where: { $0 != width }) else { return }
        throw .wrongField(
            file: path,
            field: name,
            expected: width == 1 ? "one value a row" : "\(width) values a row",
            found: "\(counts[row]) in row \(row) (\(type))"
        )
    }

    private func wrongType(_ expected: String) -> LeRobotError {
        .wrongField(file: path, field: name, expected: expected, found: String(cString: parquet_last_error()))
    }
}
