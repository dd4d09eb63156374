import Foundation
import Support
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    // FIPS 180-4's examples, and lengths around a block's end from Python's hashlib.
    @Test(
        "hashes as the standard's examples say",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 55),
                "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"
            ),
            (
                String(repeating: "a", count: 64),
                "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
            ),
            (
                String(repeating: "a", count: 1000),
                "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"
            ),
        ]
    )
    func examples(text: String, hash: String) { #expect(SHA256.hexadecimal(of: Data(text.utf8)) == hash) }

    @Test("pieces hash as the whole does")
    func pieces() {
        let bytes = Data((0 ..< 300).map { UInt8($0 % 251) })
        for size in [1, 63, 64, 65, 130] {
            var hash = SHA256()
            for start in stride(from: 0, to: bytes.count, by: size) {
                hash.update(bytes[start ..< min(start + size, bytes.count)])
            }
            #expect(hash.hexadecimal() == SHA256.hexadecimal(of: bytes))
        }
    }
}
