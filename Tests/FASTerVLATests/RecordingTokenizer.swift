import ActionTokenizers
import Foundation
import RobotTypes
import Synchronization

/// A tokenizer that remembers the codes that it last decoded.
final class RecordingTokenizer: ActionTokenizer {
    private let base: any ActionTokenizer
    private let decoded = Mutex<[Int]>([])

    init(_ base: any ActionTokenizer) { self.base = base }

    /// Codes of the chunk decoded last.
    var codes: [Int] { decoded.withLock { $0 } }

    var name: String { base.name }
    var horizon: Int { base.horizon }
    var normalization: Normalization { base.normalization }
    var layout: TokenLayout { base.layout }
    var decodableCodebooks: ClosedRange<Int> { base.decodableCodebooks }

    func tokens(for chunks: ActionChunks) throws -> [[Int]] { try base.tokens(for: chunks) }

    func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        decoded.withLock { $0 = tokens[0] }
        return try base.unclippedChunks(for: tokens)
    }

    func save(to folder: URL) throws { try base.save(to: folder) }
}
