internal import CSentencePiece
internal import Foundation

/// A `tokenizer.model`, by the SentencePiece library.
final class SentencePieceModel: PieceModel, @unchecked Sendable {
    // The library does not change an opened model.
    private let model: OpaquePointer
    private let identifiers: [Spelling: Int]

    let count: Int

    var identifierBound: Int { count }

    var isByteLevel: Bool { false }

    /// Reads a model.
    ///
    /// - Throws: ``TextTokenizerError`` that names the file.
    init(_ file: URL) throws(TextTokenizerError) {
        guard let model = sentencepiece_open(file.path) else {
            throw TextTokenizerError("\(file.path): \(String(cString: sentencepiece_last_error()))")
        }
        self.model = model
        count = Int(sentencepiece_count(model))
        identifiers = Dictionary(
            (0 ..< sentencepiece_count(model)).map { identifier in
                (Spelling(String(cString: sentencepiece_spelling(model, identifier))), Int(identifier))
            },
            uniquingKeysWith: { first, _ in first }
        )
    }

    deinit { sentencepiece_close(model) }

    /// Identifier of the piece that begins a sequence.
    var beginning: Int? { Self.identifier(sentencepiece_beginning(model)) }

    /// Identifier of the piece that ends a sequence.
    var end: Int? { Self.identifier(sentencepiece_end(model)) }

    /// Identifier of the piece for padding.
    var padding: Int? { Self.identifier(sentencepiece_padding(model)) }

    private static func identifier(_ value: Int32) -> Int? { value < 0 ? nil : Int(value) }

    func identifier(of spelling: String) -> Int? { identifiers[Spelling(spelling)] }

    func spelling(of identifier: Int) -> String? {
        Int32(exactly: identifier).flatMap { sentencepiece_spelling(model, $0) }.map { String(cString: $0) }
    }

    /// The text as it is: the library normalizes by itself.
    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] { text }

    func identifiers(of text: ArraySlice<Unicode.Scalar>) throws(TextTokenizerError) -> [Int] {
        var identifiers: [Int] = []
        var string = String(scalars: text)
        let succeeded = string.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                withUnsafeMutablePointer(to: &identifiers) { target in
                    sentencepiece_encode(model, characters.baseAddress, Int64(characters.count), target) {
                        target,
                        values,
                        count in
                        target?.assumingMemoryBound(to: [Int].self).pointee =
                            UnsafeBufferPointer(start: values, count: Int(count)).map(Int.init)
                    }
                }
            }
        }
        try Self.check(succeeded)
        return identifiers
    }

    func text(of pieces: [Piece]) throws(TextTokenizerError) -> String {
        var text = ""
        var run: [Int32] = []
        for piece in pieces {
            switch piece {
            case .vocabulary(let identifier): run.append(Int32(identifier))
            case .added(let content):
                text += try decoded(run) + content
                run = []
            }
        }
        return try text + decoded(run)
    }

    private func decoded(_ identifiers: [Int32]) throws(TextTokenizerError) -> String {
        if identifiers.isEmpty { return "" }
        var text = ""
        let succeeded = withUnsafeMutablePointer(to: &text) { target in
            sentencepiece_decode(model, identifiers, Int64(identifiers.count), target) {
                target,
                characters,
                count in
                UnsafeRawBufferPointer(start: characters, count: Int(count)).withMemoryRebound(
                    to: UInt8.self
                ) {
                    target?.assumingMemoryBound(to: String.self).pointee = String(
                        decoding: $0,
                        as: UTF8.self
                    )
                }
            }
        }
        try Self.check(succeeded)
        return text
    }

    private static func check(_ succeeded: Bool) throws(TextTokenizerError) {
        if !succeeded {
            throw TextTokenizerError("SentencePiece: \(String(cString: sentencepiece_last_error()))")
        }
    }
}
