import FASTerVLA
import Testing

@Suite("States as bins")
struct StateTokenizerTests {
    private let tokenizer = StateTokenizer(normalization: SmallPolicy.normalization(1), binCount: 256)

    @Test("are even over what was recorded")
    func bins() { #expect(tokenizer.bins(for: [-1, -0.999, 0, 0.999, 1]) == [0, 0, 128, 255, 255]) }

    @Test("are the outer ones however far a value lies from what was recorded")
    func absurd() {
        let far: [Float] = [1e20, -1e20, .greatestFiniteMagnitude, .infinity, -.infinity]
        #expect(tokenizer.bins(for: far) == [255, 0, 255, 255, 0])
    }
}
