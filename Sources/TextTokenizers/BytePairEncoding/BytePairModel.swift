/// The tokenizer of a `tokenizer.json`, between its added tokens.
struct BytePairModel: PieceModel {
    private let vocabulary: BytePairVocabulary
    private let settings: TokenizerFile.Model
    private let normalizer: TextNormalizer?
    private let splitter: WordSplitter?
    private let decoder: PieceDecoder?
    private let unknown: Int32?
    private let bytes: [Int32?]

    /// Creates a tokenizer from its file.
    ///
    /// - Throws: ``TextTokenizerError`` that names the key that is not understood.
    init(_ file: TokenizerFile, _ vocabulary: BytePairVocabulary) throws(TextTokenizerError) {
        settings = file.model
        guard settings.type ?? "BPE" == "BPE" else {
            throw TextTokenizerError("model.type: expected 'BPE', found '\(settings.type ?? "")'")
        }
        guard settings.dropout ?? 0 == 0 else {
            throw TextTokenizerError("model.dropout: expected none, found \(settings.dropout ?? 0)")
        }
        guard (settings.prefix ?? "").isEmpty, (settings.suffix ?? "").isEmpty else {
            throw TextTokenizerError(
                "model: marks of parts of words are not supported, found continuing_subword_prefix '\(settings.prefix ?? "")' "
                    + "and end_of_word_suffix '\(settings.suffix ?? "")'"
            )
        }
        self.vocabulary = vocabulary
        normalizer = file.normalizer
        splitter = file.splitter
        decoder = file.decoder
        unknown = try settings.unknown.map { spelling throws(TextTokenizerError) in
            guard let identifier = vocabulary.identifier(of: spelling) else {
                throw TextTokenizerError(
                    "model.unk_token: expected a piece of the vocabulary, found '\(spelling)'"
                )
            }
            return Int32(identifier)
        }
        bytes = (UInt8.min ... UInt8.max).map { byte in
            vocabulary.identifier(of: BytePiece.spelling(of: byte)).map(Int32.init)
        }
    }

    var count: Int { vocabulary.count }

    var identifierBound: Int { vocabulary.identifierBound }

    var isByteLevel: Bool {
        if case .byteLevel(addsSpace: false, _) = splitter { normalizer == nil } else { false }
    }

    func identifier(of spelling: String) -> Int? { vocabulary.identifier(of: spelling) }

    func spelling(of identifier: Int) -> String? { vocabulary.spelling(of: identifier) }

    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        normalizer?.normalized(text) ?? text
    }

    func identifiers(of text: ArraySlice<Unicode.Scalar>) -> [Int] {
        let words = splitter?.words(of: Array(text)) ?? [Array(text)]
        return words.flatMap { word -> [Int] in
            if settings.ignoresMerges == true, let whole = vocabulary.identifier(of: String(scalars: word)) {
                return [whole]
            }
            return BytePairMerging.merged(symbols(of: word), vocabulary).map(Int.init)
        }
    }

    /// The pieces of a word's scalars: bytes of those that the vocabulary lacks, or the unknown one.
    private func symbols(of word: [Unicode.Scalar]) -> [Int32] {
        var symbols: [Int32] = []
        symbols.reserveCapacity(word.count)
        var isUnknown = false
        for scalar in word {
            if let identifier = vocabulary.identifier(of: scalar) {
                if isUnknown, let unknown { symbols.append(unknown) }
                isUnknown = false
                symbols.append(identifier)
            } else if settings.hasBytes == true, let bytes = bytes(of: scalar) {
                symbols += bytes
            } else {
                if isUnknown, settings.fusesUnknown != true, let unknown { symbols.append(unknown) }
                isUnknown = true
            }
        }
        if isUnknown, let unknown { symbols.append(unknown) }
        return symbols
    }

    private func bytes(of scalar: Unicode.Scalar) -> [Int32]? {
        let pieces = UTF8.encode(scalar)?.map { bytes[Int($0)] } ?? []
        let known = pieces.compactMap { $0 }
        return known.count == pieces.count ? known : nil
    }

    func text(of pieces: [Piece]) -> String {
        let spellings = pieces.compactMap { piece in
            switch piece {
            case .vocabulary(let identifier): return vocabulary.spelling(of: identifier)
            case .added(let content): return content
            }
        }
        return decoder?.decoded(spellings).joined() ?? spellings.joined(separator: " ")
    }
}
