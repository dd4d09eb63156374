/// Vectors of one length, one after the other: `[count, width]`.
public struct Rows: Equatable, Sendable {
    /// Number of rows.
    public let count: Int

    /// Numbers of each.
    public let width: Int

    /// All numbers, row-major.
    public var values: [Float]

    /// `count` rows of zeros.
    public init(count: Int, width: Int) {
        self.init([Float](repeating: 0, count: count * width), width: width)
    }

    /// `count` rows, all of whose numbers `fill` writes.
    init(count: Int, width: Int, filledBy fill: (UnsafeMutablePointer<Float>) -> Void) {
        let values = [Float](unsafeUninitializedCapacity: count * width) { numbers, written in
            if let first = numbers.baseAddress { fill(first) }
            written = count * width
        }
        self.init(values, width: width)
    }

    /// `values`, cut into rows of `width` numbers.
    public init(_ values: [Float], width: Int) {
        precondition(width > 0 && values.count % width == 0, "numbers that do not fill rows of \(width)")
        (count, self.width) = (values.count / width, width)
        self.values = values
    }

    /// The rows in `range`.
    public subscript(range: Range<Int>) -> Rows {
        Rows(Array(values[range.lowerBound * width ..< range.upperBound * width]), width: width)
    }

    /// Adds a row of `other` to one of these.
    public mutating func add(row: Int, of other: Rows, toRow target: Int) {
        precondition(other.width == width, "rows of other widths")
        other.values.withUnsafeBufferPointer { numbers in
            add(UnsafeBufferPointer(rebasing: numbers[row * width ..< (row + 1) * width]), toRow: target)
        }
    }

    /// Adds `numbers`, as many as a row has, to a row.
    public mutating func add(_ numbers: UnsafeBufferPointer<Float>, toRow row: Int) {
        precondition(numbers.count == width, "numbers of another width")
        values.withUnsafeMutableBufferPointer { values in
            let target = UnsafeMutableBufferPointer(rebasing: values[row * width ..< (row + 1) * width])
            for column in target.indices { target[column] += numbers[column] }
        }
    }

    /// The same numbers in rows of another length.
    public func regrouped(width: Int) -> Rows { Rows(values, width: width) }
}
