/// Reads the vocabulary and the merges of a `tokenizer.json`.
///
/// Foundation's readers put keys into dictionaries of strings, where canonically equivalent ones fall together, and take seconds for
/// 250,000 pieces.
struct VocabularyReader {
    private(set) var pieces: [(String, Int)] = []
    private(set) var merges: [(String, String)] = []

    /// True once pieces with identifiers, and merges, have been read.
    var isComplete: Bool { hasPieces && hasMerges }

    private var hasPieces = false
    private var hasMerges = false

    /// The file with empty lists in their place.
    private(set) var rest: [UInt8] = []

    private var scanner: JSONScanner
    private var copied = 0

    /// Creates a reader of the bytes of a file.
    init(_ bytes: [UInt8]) { scanner = JSONScanner(bytes) }

    /// Reads the file.
    ///
    /// - Throws: ``TextTokenizerError`` that says where the file is not as expected.
    mutating func read() throws(TextTokenizerError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            guard key == "model" else {
                try scanner.skipValue()
                continue
            }
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "vocab":
                    try cutOut(leaving: "{}") { (reader) throws(TextTokenizerError) in try reader.readPieces()
                    }
                case "merges":
                    try cutOut(leaving: "[]") { (reader) throws(TextTokenizerError) in try reader.readMerges()
                    }
                default: try scanner.skipValue()
                }
            }
        }
        rest += scanner.bytes[copied...]
    }

    private mutating func cutOut(
        leaving placeholder: String,
        _ read: (inout VocabularyReader) throws(TextTokenizerError) -> Void
    ) throws(TextTokenizerError) {
        rest += scanner.bytes[copied ..< scanner.position]
        try read(&self)
        rest += placeholder.utf8
        copied = scanner.position
    }

    /// Pieces are an object; models of other kinds have an array.
    private mutating func readPieces() throws(TextTokenizerError) {
        if scanner.isAtArray { return try scanner.skipValue() }
        hasPieces = true
        try scanner.beginObject()
        while let spelling = try scanner.nextKey() { pieces.append((spelling, try scanner.integer())) }
    }

    /// Merges are `["left", "right"]`, or `"left right"` in older files.
    private mutating func readMerges() throws(TextTokenizerError) {
        hasMerges = true
        try scanner.beginArray()
        while try scanner.hasNextElement() {
            if scanner.isAtArray {
                try scanner.beginArray()
                var pair: [String] = []
                while try scanner.hasNextElement() { pair.append(try scanner.string()) }
                guard pair.count == 2 else {
                    throw TextTokenizerError(
                        "merges[\(merges.count)]: expected two pieces, found \(pair.count)"
                    )
                }
                merges.append((pair[0], pair[1]))
            } else {
                let text = try scanner.string()
                let pair = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
                guard pair.count == 2 else {
                    throw TextTokenizerError("merges[\(merges.count)]: expected two pieces, found '\(text)'")
                }
                merges.append((String(pair[0]) ?? "", String(pair[1]) ?? ""))
            }
        }
    }
}
