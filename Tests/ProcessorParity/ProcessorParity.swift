internal import Foundation
internal import TextTokenizers

/// Answers requests, a line of JSON each, with what text tokenizers make of them: Tests/Peers/text_agrees.py.
@main
struct ProcessorParity {
    /// Texts or tokens, and the folder of a tokenizer.
    struct Request: Decodable {
        var tokenizer: String
        var texts: [String]?
        var tokens: [[Int]]?
        var special: Bool
        /// Number of times that all texts are encoded, for their time.
        var repetitions: Int?
    }

    struct Answer: Encodable {
        var tokens: [[Int]]?
        var texts: [String]?
        /// Seconds a text.
        var seconds: Double?
    }

    static func main() throws {
        var opened: [String: TextTokenizer] = [:]
        while let line = readLine() {
            let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
            let tokenizer =
                try opened[request.tokenizer] ?? TextTokenizer(folder: URL(filePath: request.tokenizer))
            opened[request.tokenizer] = tokenizer
            let answer = try JSONEncoder().encode(answer(request, tokenizer))
            FileHandle.standardOutput.write(answer + Data("\n".utf8))
        }
    }

    private static func answer(_ request: Request, _ tokenizer: TextTokenizer) throws -> Answer {
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
