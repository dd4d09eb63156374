import Testing
import TextTokenizer

@Suite("Byte tokenizer")
struct ByteTokenizerTests {
    @Test("gives back any text", arguments: ["open the drawer", "", "Öffne die Schublade 🗄️"])
    func roundTrip(text: String) {
        let ids = ByteTokenizer().ids(for: text)
        #expect(ids.count == text.utf8.count)
        #expect(ids.allSatisfy { (1 ..< ByteTokenizer.vocabularySize).contains($0) })
        #expect(ByteTokenizer().text(for: ids + [ByteTokenizer.padding]) == text)
    }
}
