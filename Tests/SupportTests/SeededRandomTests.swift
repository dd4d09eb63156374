import Support
import Testing

@Suite("Random numbers of a seed and a purpose")
struct SeededRandomTests {
    private func numbers(_ random: SeededRandom) -> [UInt64] {
        var random = random
        return (0 ..< 4).map { _ in random.next() }
    }

    @Test("are those of SplitMix64, from its published reference")
    func reference() {
        #expect(
            numbers(SeededRandom(seed: 1_234_567)).prefix(3)
                == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        )
    }

    @Test("are the same for the same, and others for another seed or purpose")
    func purposes() {
        let all = [
            SeededRandom(seed: 1), SeededRandom(seed: 2), SeededRandom(seed: 1, 0),
            SeededRandom(seed: 1, 0, 1),
            SeededRandom(seed: 1, 1, 0), SeededRandom(seed: 0, 1),
        ]
        #expect(Set(all.map { numbers($0) }).count == all.count)
        #expect(numbers(SeededRandom(seed: 7, 3, 9)) == numbers(SeededRandom(seed: 7, 3, 9)))
    }

    @Test("choose as often as weights say, and the last where nothing weighs anything")
    func weights() {
        var random = SeededRandom(seed: 5)
        let chosen = (0 ..< 4000).map { _ in random.index(weights: [1, 0, 3]) }
        let last = Double(chosen.filter { $0 == 2 }.count) / 4000
        #expect(!chosen.contains(1) && abs(last - 0.75) < 0.03)
        #expect(random.index(weights: [0, 0]) == 1)
    }
}
