import Foundation
import PythonPeer
import Testing

@Suite("DART noise")
struct DartNoiseTests {
    private struct Seen: Decodable, Equatable {
        var share: Double
        var lengths: [Int]
        var isOnePiece: Bool
        var first: Int
        var last: Int
        var repeats: Bool
        var withoutGripper: Int
        var withoutNoise: Int
        var sameNoise: Bool

        enum CodingKeys: String, CodingKey {
            case share, lengths, first, last
            case isOnePiece = "are one piece"
            case repeats = "repeat"
            case withoutGripper = "without a gripper"
            case withoutNoise = "without noise"
            case sameNoise = "same noise"
        }
    }

    @Test("opens a closing gripper once, for six steps, in three episodes of ten")
    func slips() async throws {
        let seen = try JSONDecoder().decode(Seen.self, from: await PythonPeer.run("dart_noise.py"))
        // Four standard deviations of 400 episodes.
        #expect(abs(seen.share - 0.3) < 0.092)
        #expect(seen.lengths == [6])
        #expect(seen.isOnePiece)
        #expect((0 ... 30).contains(seen.first) && (0 ... 30).contains(seen.last))
        #expect(seen.repeats)
        #expect(seen.withoutGripper == 0)
        #expect(seen.withoutNoise == 0)
        #expect(seen.sameNoise)
    }
}
