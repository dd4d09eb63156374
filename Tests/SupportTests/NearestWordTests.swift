import Testing

@testable import Support

@Suite("Nearest word")
struct NearestWordTests {
    @Test("finds the word that was meant, whatever its case, the first of equals")
    func nearest() {
        #expect("learningrate".nearest(in: ["steps", "learningRate", "warmUpSteps"]) == "learningRate")
        #expect("drawer-opn-v3".nearest(in: ["door-open-v3", "drawer-open-v3"]) == "drawer-open-v3")
        #expect("b".nearest(in: ["x", "a"]) == "x")
        #expect("anything".nearest(in: []) == nil)
    }

    @Test(
        "counts the letters to insert, delete or replace, the same both ways",
        arguments: [("kitten", "sitting", 3), ("", "abc", 3), ("same", "same", 0), ("flaw", "lawn", 2)]
    )
    func distance(first: String, second: String, expected: Int) {
        #expect(first.editDistance(to: second) == expected)
        #expect(second.editDistance(to: first) == expected)
    }
}
