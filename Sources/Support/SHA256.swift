public import Foundation

/// The hash function SHA-256 (FIPS 180-4), for telling files apart.
public struct SHA256 {
    private var state: [UInt32] = [
        0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB,
        0x5BE0_CD19,
    ]
    private var pending: [UInt8] = []
    private var count = 0

    /// Bytes of a block.
    private static let block = 64

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = [
        0x428A_2F98, 0x7137_4491, 0xB5C0_FBCF, 0xE9B5_DBA5, 0x3956_C25B, 0x59F1_11F1, 0x923F_82A4,
        0xAB1C_5ED5,
        0xD807_AA98, 0x1283_5B01, 0x2431_85BE, 0x550C_7DC3, 0x72BE_5D74, 0x80DE_B1FE, 0x9BDC_06A7,
        0xC19B_F174,
        0xE49B_69C1, 0xEFBE_4786, 0x0FC1_9DC6, 0x240C_A1CC, 0x2DE9_2C6F, 0x4A74_84AA, 0x5CB0_A9DC,
        0x76F9_88DA,
        0x983E_5152, 0xA831_C66D, 0xB003_27C8, 0xBF59_7FC7, 0xC6E0_0BF3, 0xD5A7_9147, 0x06CA_6351,
        0x1429_2967,
        0x27B7_0A85, 0x2E1B_2138, 0x4D2C_6DFC, 0x5338_0D13, 0x650A_7354, 0x766A_0ABB, 0x81C2_C92E,
        0x9272_2C85,
        0xA2BF_E8A1, 0xA81A_664B, 0xC24B_8B70, 0xC76C_51A3, 0xD192_E819, 0xD699_0624, 0xF40E_3585,
        0x106A_A070,
        0x19A4_C116, 0x1E37_6C08, 0x2748_774C, 0x34B0_BCB5, 0x391C_0CB3, 0x4ED8_AA4A, 0x5B9C_CA4F,
        0x682E_6FF3,
        0x748F_82EE, 0x78A5_636F, 0x84C8_7814, 0x8CC7_0208, 0x90BE_FFFA, 0xA450_6CEB, 0xBEF9_A3F7,
        0xC671_78F2,
    ]

    /// Creates the function before its first byte.
    public init() {}

    /// The hash of `data` in lower-case hexadecimal digits, as `sha256sum` prints it.
    public static func hexadecimal(of data: Data) -> String {
        var hash = SHA256()
        hash.update(data)
        return hash.hexadecimal()
    }

    /// Takes the next bytes of the message.
    public mutating func update(_ data: Data) {
        count += data.count
        pending += data
        let whole = pending.count / Self.block * Self.block
        guard whole > 0 else { return }
        pending.withUnsafeBufferPointer { bytes in
            for start in stride(from: 0, to: whole, by: Self.block) {
                Self.mix(UnsafeBufferPointer(rebasing: bytes[start ..< start + Self.block]), into: &state)
            }
        }
        pending.removeFirst(whole)
    }

    /// The hash of everything so far, in lower-case hexadecimal digits.
    public func hexadecimal() -> String {
        var last = self
        let bits = withUnsafeBytes(of: (UInt64(count) * 8).bigEndian) { Array($0) }
        let zeros = (2 * Self.block - 9 - pending.count % Self.block) % Self.block
        last.update(Data([0x80] + [UInt8](repeating: 0, count: zeros) + bits))
        return last.state.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }
        .joined()
    }

    private static func mix(_ block: UnsafeBufferPointer<UInt8>, into state: inout [UInt32]) {
        func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word &>> bits | word &<< (32 &- bits) }
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
            for index in 0 ..< 16 {
                let first = 4 &* index
                words[index] =
                    UInt32(block[first]) &<< 24 | UInt32(block[first &+ 1]) &<< 16
                    | UInt32(block[first &+ 2]) &<< 8 | UInt32(block[first &+ 3])
            }
            for index in 16 ..< 64 {
                let (early, late) = (words[index &- 15], words[index &- 2])
                let one = rotated(early, 7) ^ rotated(early, 18) ^ early &>> 3
                let two = rotated(late, 17) ^ rotated(late, 19) ^ late &>> 10
                words[index] = words[index &- 16] &+ one &+ words[index &- 7] &+ two
            }
            var (a, b, c, d) = (state[0], state[1], state[2], state[3])
            var (e, f, g, h) = (state[4], state[5], state[6], state[7])
            constants.withUnsafeBufferPointer { constants in
                for index in 0 ..< 64 {
                    let sum = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
                    let one = h &+ sum &+ (e & f ^ ~e & g) &+ constants[index] &+ words[index]
                    let other = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
                    let two = other &+ (a & b ^ a & c ^ b & c)
                    (h, g, f, e, d, c, b, a) = (g, f, e, d &+ one, c, b, a, one &+ two)
                }
            }
            for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= word }
        }
    }
}
