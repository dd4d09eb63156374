import Backbones
import Testing

@Suite("Byte tokenizer")
struct ByteTokenizerTests {
    @Test(
        "has an id for every byte, none of them padding",
        arguments: ["open the drawer", "", "Öffne die Schublade 🗄️"]
    )
    func ids(text: String) {
        let ids = ByteTokenizer().ids(for: text)
        #expect(ids.allSatisfy { (1 ..< ByteTokenizer.vocabularySize).contains($0) })
        #expect(String(decoding: ids.map { UInt8($0 - 1) }, as: UTF8.self) == text)
    }
}
