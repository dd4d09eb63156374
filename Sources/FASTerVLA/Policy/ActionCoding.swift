public import ActionTokenizers
internal import Foundation
public import RobotTypes

/// Representation of actions that a policy predicts.
public enum ActionCoding: Sendable {
    /// Tokens of a tokenizer.
    case codes(any ActionTokenizer)

    /// Normalised values.
    case values(Normalization)

    /// Normalization of actions.
    public var normalization: Normalization {
        switch self {
        case .codes(let tokenizer): tokenizer.normalization
        case .values(let normalization): normalization
        }
    }

    /// Tokenizer of the codes; nil for normalised values.
    public var tokenizer: (any ActionTokenizer)? {
        switch self {
        case .codes(let tokenizer): tokenizer
        case .values: nil
        }
    }

    /// Writes the tokenizer, where there is one.
    ///
    /// - Returns: Its digest; nil where there is none.
    func saveTokenizer(to folder: URL) throws -> String? {
        guard let tokenizer else { return nil }
        try tokenizer.save(to: folder)
        return try TokenizerFolder.digest(of: folder)
    }
}
