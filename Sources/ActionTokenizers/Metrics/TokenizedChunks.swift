internal import Foundation
public import RobotTypes

/// Chunks as tokens, and decoded again where that is wanted: what one of several processes does with its share.
public struct TokenizedChunks: Codable, Sendable {
    private let lengths: Data
    private let codes: Data
    private let decoded: Data

    /// Encodes normalised `chunks` and, if they are to be `decoded`, decodes the tokens.
    ///
    /// - Throws: Errors of the tokenizer, and ``ActionTokenizerError`` where it breaks its word, see ``TokenizerEvaluation``.
    public init(_ tokenizer: any ActionTokenizer, _ chunks: ActionChunks, decoding: Bool = true) throws {
        guard chunks.count > 0 else {
            (lengths, codes, decoded) = (Data(), Data(), Data())
            return
        }
        try tokenizer.check(chunks)
        let tokens = try tokenizer.tokens(for: chunks)
        lengths = tokens.map { Int32($0.count) }.withUnsafeBytes { Data($0) }
        codes = tokens.flatMap { $0.map(Int32.init) }.withUnsafeBytes { Data($0) }
        decoded =
            decoding
            ? try TokenizerEvaluation.decode(tokens, tokenizer, count: chunks.count).values.withUnsafeBytes {
                Data($0)
            } : Data()
    }

    /// Tokens of every chunk.
    public var tokens: [[Int]] {
        let all = Self.elements(of: codes, as: Int32.self)
        var start = 0
        return Self.elements(of: lengths, as: Int32.self).map { length in
            defer { start += Int(length) }
            return all[start ..< start + Int(length)].map(Int.init)
        }
    }

    /// Decoded values, row-major.
    var values: [Float] { Self.elements(of: decoded, as: Float.self) }

    private static func elements<Element>(of data: Data, as type: Element.Type) -> [Element] {
        data.withUnsafeBytes { bytes in
            (0 ..< bytes.count / MemoryLayout<Element>.stride).map {
                bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.stride, as: type)
            }
        }
    }
}

extension ActionChunks {
    /// The chunks of one of several processes, an equal number in a row.
    public func share(_ rank: Int, of size: Int) -> ActionChunks {
        self[count * rank / size ..< count * (rank + 1) / size]
    }
}
