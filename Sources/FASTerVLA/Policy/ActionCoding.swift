public import ActionTokenizers
internal import CPUInference
internal import FASTerVQ
internal import Foundation
public import RobotTypes
internal import Torch

/// Representation of actions that a policy predicts.
public enum ActionCoding: Sendable {
    /// Codes of a tokenizer.
    case codes(any ActionTokenizer)

    /// Values, normalised.
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
    func saveTokenizer(to folder: URL) throws {
        switch tokenizer {
        case nil: return
        case let tokenizer as FASTerVQTokenizer: try tokenizer.save(to: folder)
        case let tokenizer as FASTTokenizer: try tokenizer.save(to: folder)
        case let tokenizer as BinningTokenizer: try tokenizer.save(to: folder)
        case let tokenizer?: throw PolicyTokenizer.unknown(tokenizer.name, in: folder)
        }
    }
}

/// Tokenizers whose codes policies can predict.
enum PolicyTokenizer {
    /// Reads the tokenizer in `folder`.
    ///
    /// - Throws: `ActionTokenizerError` that names the file, and the errors of checkpoints.
    static func load(from folder: URL, device: Device) throws -> any ActionTokenizer {
        switch try TokenizerFolder.tokenizerName(in: folder) {
        case "fastervq":
            return try FASTerVQTokenizer(loading: folder, device: device, codec: PackedChunkCodec.self)
        case "fast": return try FASTTokenizer(loading: folder)
        case "binning", "binning-uniform": return try BinningTokenizer(loading: folder)
        case let name: throw unknown(name ?? "none", in: folder)
        }
    }

    static func unknown(_ name: String, in folder: URL) -> ActionTokenizerError {
        ActionTokenizerError(
            "\(folder.path): tokenizer: policies predict codes of fastervq, fast or binning, found '\(name)'"
        )
    }
}
