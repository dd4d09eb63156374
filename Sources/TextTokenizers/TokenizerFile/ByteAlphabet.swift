/// The printable character that stands for each byte in the spellings of byte-level vocabularies.
///
/// A printable byte of Latin-1 stands for itself, the others for the characters from U+0100 on. Source: GPT-2's `bytes_to_unicode`.
enum ByteAlphabet {
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

    private static let bytes = Dictionary(uniqueKeysWithValues: zip(characters, UInt8.min ... UInt8.max))

    /// The characters of the bytes of a text in UTF-8.
    static func spelled(_ text: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
        var spelling: [Unicode.Scalar] = []
        spelling.reserveCapacity(text.count)
        for scalar in text { UTF8.encode(scalar).map { $0.forEach { spelling.append(characters[Int($0)]) } } }
        return spelling
    }

    /// The bytes that a spelling stands for; nil where a character stands for none.
    static func bytes(of spelling: String) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in spelling.unicodeScalars {
            guard let byte = bytes[scalar] else { return nil }
            result.append(byte)
        }
        return result
    }
}
