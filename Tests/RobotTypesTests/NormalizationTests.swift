import Foundation
import RobotTypes
import Testing

@Suite("Normalization")
struct NormalizationTests {
    let statistics = FeatureStatistics(
        mean: [1, 5],
        std: [2, 0],
        q01: [-1, 5],
        q99: [3, 5],
        min: [-2, 5],
        max: [4, 5]
    )

    @Test("maps quantiles to the unit interval and back", arguments: Normalization.Method.allCases)
    func roundTrip(method: Normalization.Method) {
        let normalization = Normalization(method: method, statistics: statistics)
        let values: [Float] = [-1, 5, 3, 5, 0.5, 5]
        let restored = normalization.restored(normalization.normalized(values))
        for (found, expected) in zip(restored, values) { #expect(abs(found - expected) < 1e-6) }
    }

    @Test("is refused where a list has too few columns")
    func columns() throws {
        let encoded = try JSONEncoder().encode(statistics)
        #expect(try JSONDecoder().decode(FeatureStatistics.self, from: encoded) == statistics)
        let short = String(decoding: encoded, as: UTF8.self).replacing("[-1,5]", with: "[-1]")
        let error = #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(FeatureStatistics.self, from: Data(short.utf8))
        }
        #expect(error.map { "\($0)" }?.contains("expected 2 columns, as 'mean' has, found 1") == true)
    }

    @Test("keeps a column that moves in fewer than one frame in a hundred", arguments: [Float(0), 5])
    func rareColumn(rest: Float) {
        let flag = FeatureStatistics(
            mean: [rest],
            std: [0.01],
            q01: [rest],
            q99: [rest],
            min: [min(rest, 1)],
            max: [max(rest, 1)]
        )
        let normalization = Normalization(method: .quantiles, statistics: flag)
        let normalized = normalization.normalized([rest, 1])
        #expect(normalized == (rest < 1 ? [-1, 1] : [1, -1]))
        #expect(normalization.restored(normalized) == [rest, 1])
    }

    @Test("does not stretch a column that hardly moves", arguments: Normalization.Method.allCases)
    func narrowColumn(method: Normalization.Method) {
        let column = FeatureStatistics(
            mean: [1.569],
            std: [1e-4],
            q01: [1.5688],
            q99: [1.5692],
            min: [1.5688],
            max: [1.5692]
        )
        let normalization = Normalization(method: method, statistics: column)
        #expect(normalization.normalized([0]).allSatisfy { abs($0) < 60 })
        let values: [Float] = [1.5688, 1.569, 1.5692]
        let restored = normalization.restored(normalization.normalized(values))
        for (found, expected) in zip(restored, values) { #expect(abs(found - expected) < 1e-6) }
    }

    @Test(
        "gives a nearly constant column back as the constant",
        arguments: [Float(0), 1e-9, 1e-6],
        Normalization.Method.allCases.filter { $0 != .identity }
    )
    func nearlyConstant(width: Float, method: Normalization.Method) {
        let statistics = FeatureStatistics(
            mean: [0.3],
            std: [width / 2],
            q01: [0.3],
            q99: [0.3 + width],
            min: [0.3 - width],
            max: [0.3 + width]
        )
        let normalization = Normalization(method: method, statistics: statistics)
        #expect(normalization.normalized([0.3, 0.3 + width, 5]) == [0, 0, 0])
        #expect(normalization.lowerBounds == [0] && normalization.upperBounds == [0])
        for value in normalization.restored([-1, 0, 1]) { #expect(abs(value - 0.3) < 1e-6) }
    }

    @Test("keeps an idle column finite")
    func idleColumn() {
        let normalization = Normalization(method: .quantiles, statistics: statistics)
        #expect(normalization.normalized([-1, 5.01]) == [-1, 0])
        #expect(normalization.normalized([3, 5]) == [1, 0])
    }
}
