/// Pieces and the merges that make them of shorter ones.
struct BytePairVocabulary: Sendable {
    /// A merge of two neighbours.
    struct Merge: Sendable {
        /// Position in the order in which merges apply.
        let rank: Int32

        /// Identifier of the piece that both become.
        let result: Int32
    }

    private let identifiers: [Spelling: Int]
    private let spellings: [String?]
    private let scalars: [Unicode.Scalar: Int32]
    private let merges: [UInt64: Merge]

    /// Number of pieces.
    var count: Int { identifiers.count }

    /// One more than the largest identifier.
    var identifierBound: Int { spellings.count }

    /// Creates a vocabulary.
    ///
    /// - Parameters:
    ///   - pieces: Spellings and identifiers.
    ///   - merges: Spellings of the pairs, in the order in which they are joined.
    /// - Throws: ``TextTokenizerError`` when an identifier is out of range or a merge needs a piece that is not there.
    init(pieces: [(String, Int)], merges: [(String, String)]) throws(TextTokenizerError) {
        var identifiers = [Spelling: Int](minimumCapacity: pieces.count)
        var scalars: [Unicode.Scalar: Int32] = [:]
        var spellings: [String?] = []
        for (spelling, identifier) in pieces {
            guard (0 ..< 1 << 24).contains(identifier) else {
                throw TextTokenizerError(
                    "vocab: '\(spelling)': expected an identifier in 0 ..< \(1 << 24), found \(identifier)"
                )
            }
            identifiers[Spelling(spelling)] = identifier
            while spellings.count <= identifier { spellings.append(nil) }
            spellings[identifier] = spelling
            let view = spelling.unicodeScalars
            if let scalar = view.first, view.dropFirst().isEmpty { scalars[scalar] = Int32(identifier) }
        }
        var known = [UInt64: Merge](minimumCapacity: merges.count)
        for (rank, (first, second)) in merges.enumerated() {
            guard let left = identifiers[Spelling(first)], let right = identifiers[Spelling(second)],
                let result = identifiers[Spelling(first + second)]
            else {
                throw TextTokenizerError(
                    "merges[\(rank)]: expected pieces of the vocabulary that form one, found '\(first)' and '\(second)'"
                )
            }
            known[Self.key(Int32(left), Int32(right))] = Merge(rank: Int32(rank), result: Int32(result))
        }
        self.identifiers = identifiers
        self.spellings = spellings
        self.scalars = scalars
        self.merges = known
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Identifier of a piece.
    func identifier(of spelling: String) -> Int? { identifiers[Spelling(spelling)] }

    /// Identifier of the piece of one scalar.
    func identifier(of scalar: Unicode.Scalar) -> Int32? { scalars[scalar] }

    /// Spelling of a piece.
    func spelling(of identifier: Int) -> String? {
        spellings.indices.contains(identifier) ? spellings[identifier] : nil
    }

    /// The merge of two neighbours.
    func merge(_ left: Int32, _ right: Int32) -> Merge? { merges[Self.key(left, right)] }
}
