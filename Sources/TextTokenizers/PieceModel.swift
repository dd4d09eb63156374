/// A token in a sequence that is decoded.
enum Piece: Equatable {
    /// Piece of a model's own vocabulary.
    case vocabulary(Int)

    /// Content of an added token.
    case added(String)
}

/// Tokenizer of the text between added tokens.
protocol PieceModel: Sendable {
    /// Number of pieces.
    var count: Int { get }

    /// One more than the largest identifier of a piece.
    var identifierBound: Int { get }

    /// True if pieces are of the text's own bytes: nothing is normalized, and no space is put before.
    var isByteLevel: Bool { get }

    /// Identifier of a piece.
    func identifier(of spelling: String) -> Int?

    /// Spelling of a piece.
    func spelling(of identifier: Int) -> String?

    /// The normalized text.
    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar]

    /// Identifiers of the pieces of normalized text.
    ///
    /// - Throws: ``TextTokenizerError`` when a library fails.
    func identifiers(of text: ArraySlice<Unicode.Scalar>) throws(TextTokenizerError) -> [Int]

    /// The text that a sequence stands for.
    ///
    /// - Throws: ``TextTokenizerError`` when a library fails.
    func text(of pieces: [Piece]) throws(TextTokenizerError) -> String
}
