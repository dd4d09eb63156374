internal import Foundation
internal import TextTokenizers

/// Texts or tokens, and the folder of a tokenizer.
struct TextRequest: Decodable {
    var folder: String
    var texts: [String]?
    var tokens: [[Int]]?
    var special: Bool

    /// Number of times that all texts are encoded, for their time.
    var repetitions: Int?
}

/// Answers about texts; a folder is read once.
struct TextAnswers {
    struct Answer: Encodable {
        var tokens: [[Int]]?
        var texts: [String]?

        /// Seconds a text.
        var seconds: Double?
    }

    private var opened: [String: TextTokenizer] = [:]

    mutating func answer(_ request: TextRequest) throws -> Answer {
        let tokenizer = try opened[request.folder] ?? TextTokenizer(folder: URL(filePath: request.folder))
        opened[request.folder] = tokenizer
        var answer = Answer()
        answer.texts = try request.tokens?.map {
            try tokenizer.decoded($0, skipsSpecialTokens: request.special)
        }
        guard let texts = request.texts else { return answer }
        answer.tokens = try texts.map { try tokenizer.encoded($0, addsSpecialTokens: request.special) }
        if let repetitions = request.repetitions {
            let start = ContinuousClock.now
            for _ in 0 ..< repetitions { for text in texts { _ = try tokenizer.encoded(text) } }
            answer.seconds = (ContinuousClock.now - start) / .seconds(repetitions * texts.count)
        }
        return answer
    }
}
