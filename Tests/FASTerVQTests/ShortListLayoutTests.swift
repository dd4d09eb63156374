import Testing

@testable import FASTerVQ

@Suite("Layout of short lists")
struct ShortListLayoutTests {
    @Test("lists of any codes and corrections come back, and say themselves where they end")
    func roundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        func random(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &generator) }
        for _ in 0 ..< 500 {
            let learned = random(1 ... 3)
            let isDirect = [false] + (0 ..< random(0 ... 11)).map { _ in Bool.random(using: &generator) }
            let layout = ShortListLayout(
                isDirect: isDirect,
                learnedCount: learned,
                codebookCount: learned + random(0 ... 3),
                codebookSize: [2, 3, 40, 512][random(0 ... 3)],
                correctionCounts: isDirect.map { _ in 40 }
            )
            let codes = randomCodes(layout, random)
            let list = layout.list(codes)
            #expect(list.allSatisfy { $0 < max(layout.codebookSize, 40) })
            var back = try layout.codes(list)
            back.grid += repeatElement(0, count: codes.grid.count - back.grid.count)
            #expect(back == codes)
            for codebooks in 1 ..< max(1, learned) {
                let beginning = layout.beginning(codes.grid, codebooks: codebooks)
                #expect(try layout.codes(layout.list(ofBeginning: beginning)).grid == beginning)
            }
        }
    }

    /// Codes of which none refines a place that has had its last.
    private func randomCodes(_ layout: ShortListLayout, _ random: (ClosedRange<Int>) -> Int) -> ChunkCodes {
        let places = layout.isDirect.count
        var codes = ChunkCodes(
            grid: (0 ..< layout.codebookCount * places).map { _ in
                max(0, random(-1 ... layout.codebookSize - 1))
            }
        )
        for place in 0 ..< places {
            var isOpen = true
            let first = layout.isDirect[place] ? 0 : layout.learnedCount
            for codebook in first ..< layout.codebookCount {
                let index = codebook * places + place
                if !isOpen { codes.grid[index] = 0 }
                isOpen = codes.grid[index] > 0
            }
        }
        let lists = (0 ..< places).map { _ in (0 ..< max(0, random(-8 ... 20))).map { _ in random(1 ... 39) }
        }
        if lists.contains(where: { !$0.isEmpty }) { codes.corrections = lists }
        return codes
    }

    @Test("counts of few places are larger, of many in several codes, and all come back")
    func counts() {
        let codes = CountCodes(size: 512)
        #expect(codes.groups([7], isFirst: true).map(\.values) == [512])
        #expect(codes.groups([7, 9], isFirst: true).map(\.values) == [22])
        #expect(codes.groups(Array(0 ..< 5), isFirst: true).map(\.values) == [3])
        #expect(codes.groups(Array(0 ..< 5), isFirst: false).map(\.values) == [22, 8])
        #expect(codes.groups(Array(0 ..< 6), isFirst: true).map(\.values) == [8, 8])
        #expect(codes.groups(Array(0 ..< 11), isFirst: true).flatMap(\.places) == Array(0 ..< 11))
        for size in [1, 2, 3, 8, 96, 512, 4096] {
            for places in 1 ..< 30 {
                for group in CountCodes(size: size).groups(Array(0 ..< places), isFirst: places % 2 == 0) {
                    #expect(group.size <= size)
                    let counts = group.places.map { $0 * 7 % 11 }
                    let found = group.counts(in: group.code(of: counts))
                    #expect(found == counts.map { min($0, group.most) })
                }
            }
        }
    }
}
