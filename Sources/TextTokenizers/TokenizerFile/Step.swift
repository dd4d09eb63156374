/// A part of a `tokenizer.json` that says which it is by its `type`.
struct StepType: Decodable {
    let type: String

    /// The type of what is decoded.
    static func of(_ decoder: any Decoder) throws -> String { try StepType(from: decoder).type }

    /// The error for a type that is not supported.
    static func unsupported(
        _ type: String,
        as role: String,
        known: [String],
        _ decoder: any Decoder
    ) -> DecodingError {
        let known = known.joined(separator: ", ")
        return DecodingError.dataCorrupted(
            DecodingError.Context(
                codingPath: decoder.codingPath,
                debugDescription: "\(role) '\(type)' is not supported (known: \(known))"
            )
        )
    }
}
