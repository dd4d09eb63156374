/// A setting with a name for each of its values, as recipes and configurations write it.
///
/// A name that is none of them is a decoding error that lists the names.
public protocol NamedChoice: RawRepresentable, CaseIterable, Codable, Sendable where RawValue == String {}

extension NamedChoice {
    /// The names, with commas between.
    public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Decodes a name.
    ///
    /// - Throws: `DecodingError.dataCorrupted`, which says "should be one of ..., found ...".
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let choice = Self(rawValue: name) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "should be one of \(Self.names), found '\(name)'"
            )
        }
        self = choice
    }
}
