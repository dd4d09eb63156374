import Foundation
import Testing

@testable import FASTerVQ

@Suite("Rate allocation")
struct RateAllocationTests {
    private let variances = [9.0, 4, 1, 0.25, 0.01, 0]

    @Test("gives a component half the logarithm of its variance over the distortion, or nothing")
    func distortion() {
        let bits = RateAllocation(variances: variances, distortion: 0.25).bits
        for (found, expected) in zip(bits, [2.584_962_5, 2, 1, 0, 0, 0]) {
            #expect(abs(found - expected) < 1e-6)
        }
    }

    @Test("spends the bits there are, at one distortion for all that get any", arguments: [1.0, 6, 36, 200])
    func total(bits: Double) {
        let allocation = RateAllocation(variances: variances, total: bits)
        #expect(abs(allocation.total - bits) < 1e-6)
        let distortions = zip(variances, allocation.bits).filter { $0.1 > 0 }.map { $0 / exp2($1 * 2) }
        for distortion in distortions { #expect(abs(distortion / distortions[0] - 1) < 1e-6) }
    }

    @Test("assigns every component with bits once, and about as many bits to every position")
    func assignment() {
        let many = (0 ..< 40).map { exp2(-Double($0) / 4) }
        let allocation = RateAllocation(variances: many, total: 60)
        let positions = allocation.components(ofPositions: 5)
        let assigned = positions.flatMap(\.self).sorted()
        #expect(assigned == Array(0 ..< assigned.count))
        let sums = positions.map { $0.reduce(0) { $0 + allocation.bits[$1] } }
        for sum in sums { #expect(abs(sum - 12) < 1) }
        #expect(RateAllocation(variances: [0, 0], total: 12).components(ofPositions: 2) == [[], []])
    }
}
