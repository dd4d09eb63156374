import Testing

@testable import TextTokenizers

@Suite("Unicode normalization")
struct UnicodeNormalizationTests {
    private func normalized(_ text: String, _ form: String = "NFC") throws -> [UInt32] {
        let form = try #require(UnicodeNormalization(form))
        return form.normalized(Array(text.unicodeScalars)).map(\.value)
    }

    @Test("composes and decomposes")
    func forms() throws {
        #expect(try normalized("e\u{301}\u{FB01}") == [0xE9, 0xFB01])
        #expect(try normalized("\u{E9}", "NFD") == [0x65, 0x301])
        #expect(try normalized("e\u{301}\u{FB01}", "NFKC") == [0xE9, 0x66, 0x69])
        #expect(try normalized("\u{1100}\u{1161}\u{11A8}\u{CCA}\u{CD5}") == [0xAC01, 0xCCB])
        #expect(UnicodeNormalization("NFX") == nil)
    }

    @Test("orders marks, but none that came after Unicode 9")
    func marks() throws {
        #expect(try normalized("a\u{358}\u{F81}") == [0x61, 0xF71, 0xF80, 0x358])
        #expect(try normalized("a\u{7FD}\u{301}") == [0x61, 0x7FD, 0x301])
    }

    @Test("has room for text that becomes longer")
    func growth() throws {
        #expect(try normalized(String(repeating: "\u{FDFA}", count: 100), "NFKC").count == 1800)
    }
}
