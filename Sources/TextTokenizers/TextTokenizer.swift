/// Text to the tokens of a language model and back.
///
/// It reads the tokenizer of a Hugging Face model's folder: byte-pair encoding of a `tokenizer.json`, equal to Hugging Face
/// `tokenizers`, or a SentencePiece `tokenizer.model`.
///
/// Format: Documentation/Formats/Processors.md.
public struct TextTokenizer: Sendable {
    /// Tokens that have a role; nil for a role that the model has none for.
    public struct Roles: Equatable, Sendable {
        /// Identifier of the token that begins a sequence.
        public var beginning: Int?

        /// Identifier of the token that ends a sequence.
        public var end: Int?

        /// Identifier of the token for padding.
        public var padding: Int?
    }

    /// Tokens that have a role.
    public let roles: Roles

    private let model: any PieceModel
    private var addedTokens: AddedTokens
    private let template: SequenceTemplate?

    init(
        _ model: any PieceModel,
        addedTokens: [AddedToken],
        template: SequenceTemplate?,
        roles: Roles
    ) {
        self.model = model
        self.template = template
        self.roles = roles
        self.addedTokens = AddedTokens(normalize: model.normalized)
        self.addedTokens.insert(addedTokens)
    }

    /// One more than the largest identifier.
    public var vocabularySize: Int {
        max(model.identifierBound, (addedTokens.byIdentifier.keys.max() ?? -1) + 1)
    }

    /// Number of pieces of the model itself, the `vocab_size` of `transformers`: added tokens behind them do not count.
    public var pieceCount: Int { model.count }

    /// True if pieces are of the text's own bytes: nothing is normalized, and no space is put before.
    public var isByteLevel: Bool { model.isByteLevel }

    /// Added tokens, in the order of their identifiers.
    public var added: [AddedToken] {
        addedTokens.byIdentifier.values.sorted { $0.identifier < $1.identifier }
    }

    /// Identifier of the token that is spelled `spelling`; nil for one that there is not.
    public func identifier(of spelling: String) -> Int? {
        addedTokens.identifier(of: spelling) ?? model.identifier(of: spelling)
    }

    /// Spelling of a token; nil for an identifier that there is not.
    public func spelling(of identifier: Int) -> String? {
        addedTokens.byIdentifier[identifier]?.content ?? model.spelling(of: identifier)
    }

    /// Bytes that a token stands for, of a tokenizer that ``isByteLevel``; nil for an identifier that there is not.
    public func bytes(of identifier: Int) -> [UInt8]? {
        if let token = addedTokens.byIdentifier[identifier] { return Array(token.content.utf8) }
        return model.spelling(of: identifier).map { ByteAlphabet.bytes(of: $0) ?? Array($0.utf8) }
    }

    /// Makes each of `contents` a token of its own, wherever a text has it.
    ///
    /// One that the vocabulary has keeps its identifier; others follow the last.
    ///
    /// - Parameters:
    ///   - contents: Spellings.
    ///   - isSpecial: True if decoding may leave the tokens out. They are looked for in the text as it is then, others in
    ///     normalized text.
    public mutating func add(_ contents: [String], isSpecial: Bool = false) {
        var next = max(model.count, (addedTokens.byIdentifier.keys.max() ?? -1) + 1)
        var tokens: [AddedToken] = []
        for content in contents where addedTokens.identifier(of: content) == nil {
            let known = model.identifier(of: content)
            tokens.append(
                AddedToken(
                    content: content,
                    identifier: known ?? next,
                    isSpecial: isSpecial,
                    isNormalized: !isSpecial
                )
            )
            if known == nil { next += 1 }
        }
        addedTokens.insert(tokens)
    }

    /// The tokens of a text.
    ///
    /// - Parameters:
    ///   - text: The text, in which added tokens are found as they are spelled.
    ///   - addsSpecialTokens: True if the model's own beginning and end belong to it.
    /// - Returns: Identifiers.
    /// - Throws: ``TextTokenizerError`` when SentencePiece fails.
    public func encoded(_ text: String, addsSpecialTokens: Bool = true) throws(TextTokenizerError) -> [Int] {
        var tokens: [Int] = []
        for part in addedTokens.parts(of: Array(text.unicodeScalars)) {
            switch part {
            case .token(let identifier): tokens.append(identifier)
            case .text(let text): tokens += try model.identifiers(of: text)
            }
        }
        return addsSpecialTokens ? template?.applied(to: tokens) ?? tokens : tokens
    }

    /// The text of tokens, without identifiers that there are not.
    ///
    /// - Parameters:
    ///   - tokens: Identifiers.
    ///   - skipsSpecialTokens: True if special tokens are left out.
    /// - Returns: The text; `�` for bytes that are none.
    /// - Throws: ``TextTokenizerError`` when SentencePiece fails.
    public func decoded(
        _ tokens: [Int],
        skipsSpecialTokens: Bool = false
    ) throws(TextTokenizerError) -> String {
        let pieces = tokens.compactMap { identifier -> Piece? in
            if let token = addedTokens.byIdentifier[identifier] {
                if skipsSpecialTokens, token.isSpecial { return nil }
                return .added(addedTokens.decodedContent(of: token))
            }
            return model.spelling(of: identifier) == nil ? nil : .vocabulary(identifier)
        }
        return try model.text(of: pieces)
    }
}
