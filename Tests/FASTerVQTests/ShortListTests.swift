import ActionTokenizers
import FASTerVQ
import RobotTypes
import Testing
import Torch

@Suite("Lists of codes that keep a tolerance")
struct ShortListTests {
    @Test(
        "short lists keep the tolerance of all that was recorded, with few codes where few will do, and come back"
    )
    func shortLists() throws {
        let tokenizer = try tokenizer(codebookSize: 96)
        Torch.seed(10)
        var chunks = chunks(60)
        // Half of the chunks are of those that the entries were made from: easy.
        for index in 0 ..< 30 * 140 { chunks.values[index] *= 0.1 }
        // None lies outside of what was recorded.
        chunks.values = chunks.values.map { min(max($0, -2.5), 2.5) }
        for tolerance in [0.3, 3] {
            let adaptive = tokenizer.adaptive(within: .largest(tolerance))
            let lists = try adaptive.tokens(for: chunks)
            #expect(lists.allSatisfy { $0.count >= 7 })
            #expect(try (0 ..< 60).flatMap { try adaptive.tokens(for: chunks[$0 ..< $0 + 1]) } == lists)
            let back = try adaptive.chunks(for: lists)
            #expect(ReconstructionErrors(chunks, back).peaks.allSatisfy { $0 <= tolerance })
            #expect(Set(lists.map(\.count)).count > 1)
        }
        for (list, reason) in [
            ([1, 1, 1], "chunk 0: a list of 3 codes ends where another is expected"),
            ([Int](repeating: 1, count: 14), "a list of 14 codes ends where another is expected"),
            ([Int](repeating: 1, count: 13) + [0, 0], "goes on after token 14, when nothing is left"),
            ([Int](repeating: 1, count: 13) + [1, 0, 1, 5], "goes on after token 15, when nothing is left"),
            ([], "a list of 0 codes ends"),
        ] {
            let error = #expect(throws: ActionTokenizerError.self) {
                try tokenizer.adaptive(within: .largest(1)).chunks(for: [list])
            }
            #expect(error?.description.contains(reason) == true)
        }
    }

    @Test("lists keep a mean error, spend codes where they take off most, and come back")
    func meanError() throws {
        let tokenizer = try tokenizer(codebookSize: 96)
        Torch.seed(11)
        var chunks = chunks(40, valid: (0 ..< 40).map { $0 % 5 == 0 ? 7 : 20 })
        for index in 0 ..< 20 * 140 { chunks.values[index] *= 0.2 }
        chunks.values = chunks.values.map { min(max($0, -2.5), 2.5) }
        for mean in [0.4, 0.6] {
            let adaptive = tokenizer.adaptive(within: .mean(mean))
            let lists = try adaptive.tokens(for: chunks)
            let back = try adaptive.chunks(for: lists)
            #expect(ReconstructionErrors(chunks, back).chunkL1.allSatisfy { $0 <= mean + 1e-5 })
            #expect(Set(lists.map(\.count)).count > 1)
        }
        let whole = try tokenizer.chunks(for: tokenizer.tokens(for: chunks))
        for (chunk, error) in ReconstructionErrors(chunks, whole).chunkL1.enumerated() {
            // What all codes of the grid leave takes no more than them, and twice as much some less.
            let one = chunks[chunk ..< chunk + 1]
            let lists = try [1.0001, 2].map { factor in
                try tokenizer.adaptive(within: .mean(factor * error)).tokens(for: one)[0]
            }
            // And two that say how many of them each place has.
            #expect(lists[0].count <= tokenizer.tokenCount + 2)
            #expect(lists[1].count <= lists[0].count)
        }
    }

    @Test(
        "a code out of range is named with its own chunk and its place in the list, whatever lists there are"
    )
    func outOfRange() throws {
        let tokenizer = try tokenizer(codebookSize: 96)
        let ones = [Int](repeating: 1, count: 13)
        func decode(_ lists: [[Int]]) throws -> ActionChunks {
            try tokenizer.adaptive(within: .largest(1)).chunks(for: lists)
        }
        #expect(throws: ActionTokenizerError("chunk 2: token 12: expected 0 ..< 96, found 96")) {
            try decode([Array(ones.prefix(7)), ones, Array(ones.prefix(12)) + [96]])
        }
        // Three places share a count's code, of four values each.
        #expect(throws: ActionTokenizerError("chunk 1: token 13: expected 0 ..< 64, found 64")) {
            try decode([ones, ones + [64, 0]])
        }
        // Two codes for the first place, of which the second is a correction.
        #expect(try decode([ones + [2, 0, 1, 5]]).count == 1)
        #expect(throws: ActionTokenizerError("chunk 0: token 16: expected 0 ..< 73, found 95")) {
            try decode([ones + [2, 0, 1, 95]])
        }
    }
}
