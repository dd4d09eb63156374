public import ActionTokenizers
internal import FASTerVQ
public import Foundation
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
    /// - Parameters:
    ///   - folder: Folder to write.
    ///   - ofSeveralRobots: True to write the model alone, which belongs to no robot.
    /// - Returns: Its digest; nil where there is none.
    /// - Throws: The system's error, with the path.
    public func saveTokenizer(to folder: URL, ofSeveralRobots: Bool) throws -> String? {
        guard let tokenizer else { return nil }
        if ofSeveralRobots, let tokenizer = tokenizer as? FASTerVQTokenizer {
            try tokenizer.model.save(to: folder)
        } else {
            try tokenizer.save(to: folder)
        }
        return try TokenizerFolder.digest(of: folder)
    }
}
