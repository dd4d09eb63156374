import ActionTokenizers
import RobotTypes
import Synchronization

/// A tokenizer that remembers the codes that it last decoded.
final class RecordingTokenizer: ResidualTokenizer {
    private let base: any ResidualTokenizer
    private let decoded = Mutex<[Int]>([])

    init(_ base: any ResidualTokenizer) { self.base = base }

    /// Codes of the chunk decoded last.
    var codes: [Int] { decoded.withLock { $0 } }

    var name: String { base.name }
    var horizon: Int { base.horizon }
    var dimension: Int { base.dimension }
    var normalization: Normalization { base.normalization }
    var codebookSizes: [Int] { base.codebookSizes }
    var codebookCount: Int { base.codebookCount }
    var latentPositionCount: Int { base.latentPositionCount }

    func codebook(ofToken position: Int) -> Int { base.codebook(ofToken: position) }

    func tokens(for chunks: ActionChunks) throws -> [[Int]] { try base.tokens(for: chunks) }

    func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        try chunks(for: tokens, codebooks: codebookCount)
    }

    func chunks(for tokens: [[Int]], codebooks: Int) throws -> ActionChunks {
        decoded.withLock { $0 = tokens[0] }
        return try base.chunks(for: tokens, codebooks: codebooks)
    }
}
