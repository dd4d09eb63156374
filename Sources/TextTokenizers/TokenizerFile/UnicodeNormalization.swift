internal import CICU

/// A normalization form of the Unicode standard, with the tables of Hugging Face `tokenizers`: those of Unicode 9.0.
///
/// Characters that came later are left alone. Source: annex 15 of the Unicode standard, by ICU.
struct UnicodeNormalization: Sendable {
    private let normalizer: Normalizer

    /// ICU's object, which never changes.
    private struct Normalizer: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// Names of the forms.
    static let names = ["NFC", "NFD", "NFKC", "NFKD"]

    private static let forms: [String: Normalizer] = {
        var forms: [String: Normalizer] = [:]
        for name in names {
            let table = name.contains("K") ? "nfkc" : "nfc"
            forms[name] = icu_normalizer(table, name.hasSuffix("D") ? 1 : 0, "[:age=9.0:]").map(
                Normalizer.init
            )
        }
        return forms
    }()

    /// Creates a form by its name; nil for a name that no form has.
    init?(_ name: String) {
        guard let normalizer = Self.forms[name] else { return nil }
        self.normalizer = normalizer
    }

    /// The normalized text.
    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        if text.allSatisfy(\.isASCII) { return text }
        let units = Array(String(scalars: text).utf16)
        var capacity = units.count * 2 + 16
        while true {
            var length = 0
            let result = [UInt16](unsafeUninitializedCapacity: capacity) { buffer, count in
                length = Int(
                    icu_normalize(
                        normalizer.pointer,
                        units,
                        Int32(units.count),
                        buffer.baseAddress,
                        Int32(capacity)
                    )
                )
                count = max(0, min(capacity, length))
            }
            if length < 0 { return text }
            if length <= capacity { return Array(String(decoding: result, as: UTF16.self).unicodeScalars) }
            capacity = length
        }
    }
}
