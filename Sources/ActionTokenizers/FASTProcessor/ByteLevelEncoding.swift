/// Byte-pair encoding of text, with the vocabulary and merges of a Hugging Face `tokenizer.json`.
///
/// Text is cut into words, a word's UTF-8 bytes are symbols, and pairs of neighbours are joined within the word: the
/// earliest merge first, from the left. Unlike those of ``BytePairEncoding``, different merges may make one symbol.
struct ByteLevelEncoding: Equatable, Sendable {
    private struct Merge: Equatable {
        let rank: Int
        let result: Int
    }

    /// Symbols in all: one more than the largest.
    let vocabularySize: Int

    private let symbolOfByte: [Int?]
    private let bytesOfSymbol: [[UInt8]?]
    private let merges: [BytePairEncoding.Pair: Merge]
    private let cutsWords: Bool

    /// Creates an encoding.
    ///
    /// - Parameters:
    ///   - vocabulary: Symbols by their spelling, in which every byte is one printable character.
    ///   - merges: Spellings of the pairs, in the order in which they are joined.
    ///   - cutsWords: True if text is cut into words first.
    /// - Throws: ``ActionTokenizerError`` when a symbol cannot be, or a merge uses a spelling without a symbol.
    init(
        vocabulary: [String: Int],
        merges: [(first: String, second: String)],
        cutsWords: Bool
    ) throws(ActionTokenizerError) {
        let largest = vocabulary.values.max() ?? 0
        guard let smallest = vocabulary.values.min(), smallest >= 0,
            largest < ActionTokenizerLimits.alphabet.upperBound
        else {
            throw ActionTokenizerError(
                "vocabulary: expected symbols in 0 ..< \(ActionTokenizerLimits.alphabet.upperBound)"
            )
        }
        vocabularySize = largest + 1
        var bytesOfSymbol = [[UInt8]?](repeating: nil, count: largest + 1)
        for (spelling, symbol) in vocabulary { bytesOfSymbol[symbol] = Self.bytes(ofSpelling: spelling) }
        var known: [BytePairEncoding.Pair: Merge] = [:]
        for (rank, merge) in merges.enumerated() {
            guard let first = vocabulary[merge.first], let second = vocabulary[merge.second],
                let result = vocabulary[merge.first + merge.second]
            else { throw ActionTokenizerError("merge \(rank): has a spelling that the vocabulary lacks") }
            let pair = BytePairEncoding.Pair(first: first, second: second)
            if known[pair] == nil { known[pair] = Merge(rank: rank, result: result) }
        }
        symbolOfByte = Self.characters.map { vocabulary[String($0)] }
        self.bytesOfSymbol = bytesOfSymbol
        self.merges = known
        self.cutsWords = cutsWords
    }

    /// Returns true if every byte of `text` has a symbol.
    func canSpell(_ text: [Unicode.Scalar]) -> Bool {
        text.allSatisfy { UTF8.encode($0)?.allSatisfy { symbolOfByte[Int($0)] != nil } ?? false }
    }

    /// The symbols of `text`; bytes without a symbol are left out.
    func encoded(_ text: [Unicode.Scalar]) -> [Int] {
        (cutsWords ? EnglishWords.pieces(text) : [text[...]]).flatMap { word in
            var symbols = word.flatMap { scalar in
                UTF8.encode(scalar)?.compactMap { symbolOfByte[Int($0)] } ?? []
            }
            while let merge = firstMerge(of: symbols) { join(merge, in: &symbols) }
            return symbols
        }
    }

    private func merge(at index: Int, of symbols: [Int]) -> Merge? {
        merges[BytePairEncoding.Pair(first: symbols[index], second: symbols[index + 1])]
    }

    private func firstMerge(of symbols: [Int]) -> Merge? {
        symbols.indices.dropLast().compactMap { merge(at: $0, of: symbols) }.min { $0.rank < $1.rank }
    }

    private func join(_ chosen: Merge, in symbols: inout [Int]) {
        var index = 0
        while index + 1 < symbols.count {
            if merge(at: index, of: symbols) == chosen {
                symbols.replaceSubrange(index ... index + 1, with: [chosen.result])
            }
            index += 1
        }
    }

    /// The text of `symbols`, or nil where their bytes are not UTF-8 or a symbol has no spelling.
    func decoded(_ symbols: [Int]) -> [Unicode.Scalar]? {
        var bytes: [UInt8] = []
        for symbol in symbols {
            guard bytesOfSymbol.indices.contains(symbol), let more = bytesOfSymbol[symbol] else { return nil }
            bytes += more
        }
        return String(validating: bytes, as: UTF8.self).map { Array($0.unicodeScalars) }
    }

    /// The printable character that stands for every byte: itself where it is one, else one after the 256th.
    private static let characters: [Unicode.Scalar] = {
        var next: UInt32 = 256
        return (UInt8.min ... UInt8.max).map { byte in
            switch byte {
            case 33 ... 126, 161 ... 172, 174 ... 255: return Unicode.Scalar(byte)
            default:
                defer { next += 1 }
                return Unicode.Scalar(next) ?? "?"
            }
        }
    }()

    private static let byteOfCharacter = Dictionary(
        uniqueKeysWithValues: zip(characters, UInt8.min ... UInt8.max)
    )

    /// The bytes that `spelling` stands for: its own UTF-8 where a character stands for no byte, as the library has it.
    private static func bytes(ofSpelling spelling: String) -> [UInt8] {
        let bytes = spelling.unicodeScalars.compactMap { byteOfCharacter[$0] }
        return bytes.count == spelling.unicodeScalars.count ? bytes : Array(spelling.utf8)
    }
}
