import PolicyProtocol
import RobotTypes
import Testing

@Suite("Malformed bytes")
struct MalformedBytesTests {
    /// A small generator with a seed, so that a failure can be repeated (SplitMix64).
    struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    static let message: WireValue = [
        "observation/images/corner": .array(NDArray(shape: [4, 4, 3], bytes: Array(0 ..< 48))),
        "observation/state": .array(NDArray(shape: [3], values: [1, 2, 3])),
        "prompt": "lift the mug",
        "extra": .list([.null, .boolean(true), .double(1), .integer(-70000), .binary([1, 2])]),
    ]

    let decoder = ObservationDecoder(contract: .small)

    /// Decodes to the end, whatever comes out; says whether the bytes were accepted.
    private func survives(_ bytes: [UInt8]) -> Bool {
        guard let value = try? WireValue(decoding: bytes) else { return false }
        _ = value.encoded()
        return (try? decoder.observation(from: value)) != nil
    }

    @Test("random bytes never trap", arguments: [1, 2, 3])
    func randomBytes(seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        for _ in 0 ..< 5000 {
            let count = Int.random(in: 0 ... 64, using: &generator)
            _ = survives((0 ..< count).map { _ in UInt8.random(in: 0 ... 255, using: &generator) })
        }
    }

    @Test("a mutated observation never traps", arguments: [4, 5, 6])
    func mutated(seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        let original = Self.message.encoded()
        var accepted = 0
        for _ in 0 ..< 5000 {
            var bytes = original
            for _ in 0 ..< Int.random(in: 1 ... 4, using: &generator) {
                let index = Int.random(in: 0 ..< bytes.count, using: &generator)
                switch Int.random(in: 0 ..< 4, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0 ... 255, using: &generator)
                case 1: bytes[index] ^= 1 << UInt8.random(in: 0 ..< 8, using: &generator)
                case 2: bytes.insert(UInt8.random(in: 0 ... 255, using: &generator), at: index)
                default: bytes.remove(at: index)
                }
            }
            if survives(bytes) { accepted += 1 }
        }
        // Flips inside pixels and numbers stay valid, so that both paths were walked.
        #expect(accepted > 100 && accepted < 4900)
    }

    @Test("every beginning of a message is refused")
    func beginnings() {
        let bytes = Self.message.encoded()
        for count in 0 ..< bytes.count { #expect(!survives(Array(bytes[..<count]))) }
        #expect(survives(bytes))
    }

    @Test(
        "a header that announces more than was sent costs no memory",
        arguments: [0xC6, 0xDB, 0xC9, 0xDD, 0xDF]
    )
    func announcements(header: UInt8) {
        let error = #expect(throws: WireError.self) {
            try WireValue(decoding: [header, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0])
        }
        #expect(error?.kind == .truncated)
    }

    @Test("more values than the limit are refused")
    func manyValues() {
        let bytes: [UInt8] = [0xDD, 0, 0x20, 0, 0] + [UInt8](repeating: 0xC0, count: 1 << 21)
        let error = #expect(throws: WireError.self) { try WireValue(decoding: bytes) }
        #expect(error?.kind == .tooManyValues(limit: 1 << 20))
    }

    @Test(
        "impossible shapes are refused",
        arguments: [[-1, -1], [Int.max, Int.max, 2], [1 << 40, 1 << 40, 0]]
    )
    func shapes(shape: [Int]) {
        #expect(throws: WireError.self) { try NDArray(dtype: "<f4", shape: shape, data: [0, 0, 0, 0]) }
    }
}
