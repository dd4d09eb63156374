import Foundation
import Testing

@testable import FASTerVQ

@Suite("Generic entries")
struct GenericEntriesTests {
    @Test("change one column each, shifts first, and are as many as asked for")
    func rows() {
        let rows = GenericEntries.rows(steps: 4, columns: 2, atMost: 60)
        #expect(rows.count == 60)
        for row in rows {
            let changed = row.indices.filter { row[$0] != 0 }
            #expect(!changed.isEmpty && Set(changed.map { $0 % 2 }).count == 1)
            #expect(Set(changed.map { row[$0] }).count == 1)
        }
        #expect(rows[0] == [0.1, 0, 0.1, 0, 0.1, 0, 0.1, 0])
        #expect(Set(rows.map(\.description)).count == 60)
        #expect(GenericEntries.rows(steps: 1, columns: 1, atMost: 1000).count == 20 + 10)
        #expect(GenericEntries.rows(steps: 4, columns: 2, atMost: 0).isEmpty)
    }

    @Test("put any patch together, one column at a time, ever closer")
    func pursuit() {
        let entries = GenericEntries.rows(steps: 4, columns: 1, atMost: 511)
        var left: [Float] = [0.9, -0.3, -0.3, 0.55]
        var former = Float.infinity
        for _ in 0 ..< 8 {
            let nearest = entries.min { square(left, $0) < square(left, $1) } ?? []
            left = zip(left, nearest).map { $0 - $1 }
            let size = square(left, [0, 0, 0, 0])
            #expect(size < former || size < 0.02)
            former = size
        }
        #expect(left.allSatisfy { abs($0) <= 0.1 })
    }

    @Test(
        "that correct are nearly as many as there is room for, or none, and end every error",
        arguments: [511, 100, 31, 9]
    )
    func corrections(limit: Int) {
        let entries = GenericEntries.corrections(steps: 4, columns: 3, atMost: limit)
        #expect(limit < 30 ? entries.isEmpty : entries.count == min(360, limit / 30 * 30))
        guard !entries.isEmpty else { return }
        var left = (0 ..< 12).map { sin(Float($0)) }
        for _ in 0 ..< 600 where left.contains(where: { abs($0) > GenericEntries.finest / 2 + 1e-6 }) {
            let nearest = entries.min { square(left, $0) < square(left, $1) } ?? []
            left = zip(left, nearest).map { $0 - $1 }
        }
        #expect(left.allSatisfy { abs($0) <= GenericEntries.finest / 2 + 1e-6 })
    }

    private func square(_ left: [Float], _ right: [Float]) -> Float {
        zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
}
