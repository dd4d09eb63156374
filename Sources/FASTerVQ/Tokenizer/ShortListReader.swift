/// Why a list of codes is no chunk's.
struct ShortListError: Error {
    let reason: String
}

/// A list of codes, read from its beginning.
struct ShortListReader {
    private let list: [Int]
    private var position = 0

    init(_ list: [Int]) { self.list = list }

    var isAtEnd: Bool { position == list.count }

    /// The next code, in `0 ..< size`.
    mutating func next(below size: Int) throws(ShortListError) -> Int {
        guard position < list.count else {
            throw ShortListError(reason: "a list of \(list.count) codes ends where another is expected")
        }
        let code = list[position]
        guard (0 ..< size).contains(code) else {
            throw ShortListError(reason: "token \(position): expected 0 ..< \(size), found \(code)")
        }
        position += 1
        return code
    }

    /// That nothing should follow here.
    var goesOn: ShortListError {
        ShortListError(
            reason: "a list of \(list.count) codes goes on after token \(position - 1), when nothing is left "
                + "to refine"
        )
    }
}
