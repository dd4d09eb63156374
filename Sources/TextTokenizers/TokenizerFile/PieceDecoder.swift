/// Decoder of the spellings of tokens into text.
///
/// Source: `decoder` of Hugging Face's `tokenizer.json`.
indirect enum PieceDecoder: Sendable, Decodable {
    case sequence([PieceDecoder])
    case byteLevel
    case byteFallback
    case fuse
    case replace(TextPattern, with: [Unicode.Scalar])
    case strip(Unicode.Scalar, start: Int, stop: Int)

    private enum CodingKeys: String, CodingKey {
        case decoders, pattern, content, start, stop
    }

    init(from decoder: any Decoder) throws {
        let type = try StepType.of(decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch type {
        case "Sequence": self = .sequence(try container.decode([PieceDecoder].self, forKey: .decoders))
        case "ByteLevel": self = .byteLevel
        case "ByteFallback": self = .byteFallback
        case "Fuse": self = .fuse
        case "Replace":
            self = .replace(
                try container.decode(TextPattern.self, forKey: .pattern),
                with: Array(try container.decode(String.self, forKey: .content).unicodeScalars)
            )
        case "Strip":
            let content = try container.decode(String.self, forKey: .content)
            self = .strip(
                content.unicodeScalars.first ?? " ",
                start: max(0, try container.decode(Int.self, forKey: .start)),
                stop: max(0, try container.decode(Int.self, forKey: .stop))
            )
        default:
            let known = ["ByteFallback", "ByteLevel", "Fuse", "Replace", "Sequence", "Strip"]
            throw StepType.unsupported(type, as: "decoder", known: known, decoder)
        }
    }

    /// Texts that joined are the decoded text.
    func decoded(_ pieces: [String]) -> [String] {
        switch self {
        case .sequence(let steps): return steps.reduce(pieces) { $1.decoded($0) }
        case .fuse: return [pieces.joined()]
        case .byteLevel:
            let bytes = pieces.flatMap { ByteAlphabet.bytes(of: $0) ?? Array($0.utf8) }
            return [String(decoding: bytes, as: UTF8.self)]
        case .byteFallback: return Self.joiningBytes(pieces)
        case .replace(let pattern, let content):
            return pieces.map {
                String(scalars: Array($0.unicodeScalars).replacing(pattern, with: content))
            }
        case .strip(let scalar, let start, let stop):
            return pieces.map { piece in
                let scalars = Array(piece.unicodeScalars)
                let rest = scalars.dropFirst(min(start, scalars.prefix { $0 == scalar }.count))
                let end = rest.reversed().prefix { $0 == scalar }
                return String(scalars: rest.dropLast(min(stop, end.count)))
            }
        }
    }

    /// The pieces, runs of bytes such as `<0xE2>` as the text they are; each is `�` where they are none.
    private static func joiningBytes(_ pieces: [String]) -> [String] {
        var result: [String] = []
        var bytes: [UInt8] = []
        func flush() {
            if let text = String(validating: bytes, as: UTF8.self) {
                if !bytes.isEmpty { result.append(text) }
            } else {
                result += bytes.map { _ in "\u{FFFD}" }
            }
            bytes = []
        }
        for piece in pieces {
            if let byte = BytePiece.byte(of: piece) {
                bytes.append(byte)
            } else {
                flush()
                result.append(piece)
            }
        }
        flush()
        return result
    }
}

/// Pieces that stand for one byte of a character that the vocabulary lacks: `<0xE2>`.
enum BytePiece {
    /// Spelling of the piece of `byte`.
    static func spelling(of byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "<0x0\(digits)>" : "<0x\(digits)>"
    }

    /// The byte that a piece stands for; nil for one that stands for none.
    static func byte(of spelling: String) -> UInt8? {
        guard spelling.utf8.count == 6, spelling.hasPrefix("<0x"), spelling.hasSuffix(">") else { return nil }
        return UInt8(spelling.dropFirst(3).dropLast(), radix: 16)
    }
}
