internal import Foundation

/// Answers requests, a line of JSON each, with what text tokenizers and image processors make of them: Tests/Peers/text_agrees.py and
/// Tests/Peers/images_agree.py.
@main
struct ProcessorParity {
    private struct Request: Decodable {
        var text: TextRequest?
        var image: ImageRequest?
    }

    static func main() throws {
        var texts = TextAnswers()
        while let line = readLine() {
            let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
            if let text = request.text { try write(texts.answer(text)) }
            if let image = request.image { try write(image.answer()) }
        }
    }

    private static func write(_ answer: some Encodable) throws {
        FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
    }
}
