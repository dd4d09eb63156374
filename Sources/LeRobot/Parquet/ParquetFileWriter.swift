import CParquet
import Foundation

/// One column of a Parquet file to be written.
struct ParquetFieldSpec {
    /// Layout of a row's values.
    enum Layout {
        /// One value a row.
        case scalar
        /// A list whose length the schema fixes.
        case fixedList(Int)
        /// Nested lists of these lengths, outermost first, which the schema leaves free.
        case lists([Int])
        /// A list of any length in every row; text only.
        case freeList
    }

    /// The type of a value.
    enum Scalar {
        case integer
        case float
        case double
        case text
        case bool, int8, int16, int32, uint8, uint16, uint32, uint64, half
        /// Hugging Face's image: a struct of bytes and path.
        case image

        /// The type of a feature's values in Parquet; nil for a type that is not written.
        init?(dtype: String) {
            switch dtype {
            case "bool": self = .bool
            case "int8": self = .int8
            case "int16": self = .int16
            case "int32": self = .int32
            case "int64": self = .integer
            case "uint8": self = .uint8
            case "uint16": self = .uint16
            case "uint32": self = .uint32
            case "uint64": self = .uint64
            case "float16": self = .half
            case "float32": self = .float
            case "float64": self = .double
            case "string": self = .text
            case "image": self = .image
            default: return nil
            }
        }

        /// The type as the C interface names it.
        var code: ParquetScalar {
            switch self {
            case .integer: PARQUET_INT64
            case .float: PARQUET_FLOAT
            case .double: PARQUET_DOUBLE
            case .text: PARQUET_TEXT
            case .bool: PARQUET_BOOL
            case .int8: PARQUET_INT8
            case .int16: PARQUET_INT16
            case .int32: PARQUET_INT32
            case .uint8: PARQUET_UINT8
            case .uint16: PARQUET_UINT16
            case .uint32: PARQUET_UINT32
            case .uint64: PARQUET_UINT64
            case .half: PARQUET_HALF
            case .image: PARQUET_IMAGE
            }
        }
    }

    let name: String
    let scalar: Scalar
    let layout: Layout

    init(_ name: String, _ scalar: Scalar, _ layout: Layout = .scalar) {
        self.name = name
        self.scalar = scalar
        self.layout = layout
    }
}

/// Values of one column in one row group, in the order of the rows.
enum ParquetValues {
    case integers([Int])
    case floats([Float])
    case doubles([Double])
    case booleans([Bool])
    case texts([String])
    case textLists([[String]])
    /// Rows of columns that were read, one after the other, with their nulls.
    case rows([(column: ParquetColumnValues, rows: [Int])])
    /// Bytes of image files, or a path where there are none.
    case images([(bytes: Data?, path: String?)])
}

/// A Parquet file that is being written, one row group after the other.
final class ParquetFileWriter {
    private let path: String
    private let writer: OpaquePointer
    private let fields: [ParquetFieldSpec]

    /// Creates the file with its schema and key-value metadata.
    init(creating url: URL, fields: [ParquetFieldSpec], metadata: [String: String] = [:]) throws(LeRobotError)
    {
        let path = url.path
        let pairs = metadata.sorted { $0.key < $1.key }
        let arena = CArena()
        let specs = fields.map { arena.field($0) }
        let keys = pairs.map { arena.text($0.key) }
        let texts = pairs.map { arena.text($0.value) }
        let created = withExtendedLifetime(arena) {
            parquet_create(path, specs, Int32(specs.count), keys, texts, Int32(pairs.count))
        }
        guard let created else {
            throw .unwritable(file: path, reason: String(cString: parquet_last_error()))
        }
        self.path = path
        self.fields = fields
        writer = created
    }

    deinit { parquet_release_writer(writer) }

    /// Bytes in the file so far.
    var byteCount: Int { Int(parquet_bytes_written(writer)) }

    /// Writes one row group; `values` are the columns in the order of the schema.
    func writeRowGroup(rows: Int, _ values: [ParquetValues]) throws(LeRobotError) {
        for (index, column) in values.enumerated() {
            try require(set(column, at: Int32(index), rows: rows), "column \(fields[index].name)")
        }
        try require(parquet_write_row_group(writer, Int64(rows)), "row group")
    }

    /// Writes the footer.
    func finish() throws(LeRobotError) { try require(parquet_finish(writer), "footer") }

    private func require(_ success: Bool, _ part: String) throws(LeRobotError) {
        guard !success else { return }
        throw .unwritable(file: path, reason: "\(part): \(String(cString: parquet_last_error()))")
    }

    private func set(_ values: ParquetValues, at index: Int32, rows: Int) -> Bool {
        switch values {
        case .integers(let values):
            parquet_set_numbers(writer, index, values.map(Int64.init), Int64(values.count))
        case .floats(let values): parquet_set_numbers(writer, index, values, Int64(values.count))
        case .doubles(let values): parquet_set_numbers(writer, index, values, Int64(values.count))
        case .booleans(let values):
            parquet_set_numbers(writer, index, values.map { $0 ? UInt8(1) : 0 }, Int64(values.count))
        case .texts(let texts): set(texts, at: index, rowCounts: nil, rows: rows)
        case .textLists(let lists):
            set(lists.flatMap(\.self), at: index, rowCounts: lists.map { Int64($0.count) }, rows: rows)
        case .rows(let parts):
            parts.allSatisfy { $0.column.append(rows: $0.rows, to: writer, column: index) }
        case .images(let images):
            images.allSatisfy { image in
                guard let bytes = image.bytes else {
                    return parquet_append_image(writer, index, nil, 0, image.path)
                }
                return bytes.withUnsafeBytes {
                    parquet_append_image(writer, index, $0.baseAddress, Int64($0.count), image.path)
                }
            }
        }
    }

    private func set(_ texts: [String], at index: Int32, rowCounts: [Int64]?, rows: Int) -> Bool {
        var bytes: [CChar] = []
        var ends: [Int64] = []
        for text in texts {
            bytes.append(contentsOf: text.utf8.map { CChar(bitPattern: $0) })
            ends.append(Int64(bytes.count))
        }
        guard let rowCounts else {
            return parquet_set_texts(writer, index, bytes, ends, Int64(texts.count), nil, Int64(rows))
        }
        return parquet_set_texts(writer, index, bytes, ends, Int64(texts.count), rowCounts, Int64(rows))
    }
}

/// Keeps C copies of texts and list lengths alive for the time of a call.
private final class CArena {
    private var texts: [UnsafeMutablePointer<CChar>] = []
    private var shapes: [UnsafeMutablePointer<Int64>] = []

    deinit {
        for text in texts { text.deallocate() }
        for shape in shapes { shape.deallocate() }
    }

    func text(_ text: String) -> UnsafePointer<CChar>? {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (offset, byte) in bytes.enumerated() { copy[offset] = byte }
        texts.append(copy)
        return UnsafePointer(copy)
    }

    func field(_ spec: ParquetFieldSpec) -> ParquetField {
        let (lengths, isFixed): ([Int]?, Bool) =
            switch spec.layout {
            case .scalar: ([], false)
            case .fixedList(let length): ([length], true)
            case .lists(let lengths): (lengths, false)
            case .freeList: (nil, false)
            }
        let shape = lengths.map { lengths in
            let copy = UnsafeMutablePointer<Int64>.allocate(capacity: max(lengths.count, 1))
            for (offset, length) in lengths.enumerated() { copy[offset] = Int64(length) }
            shapes.append(copy)
            return UnsafePointer(copy)
        }
        return ParquetField(
            name: text(spec.name),
            scalar: spec.scalar.code,
            rank: Int32(lengths?.count ?? 1),
            shape: shape,
            fixed: isFixed
        )
    }
}
