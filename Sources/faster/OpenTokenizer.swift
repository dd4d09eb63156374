import ActionTokenizers
import Evaluation
import FASTerVQ
import Foundation
import Torch

/// Opens the tokenizer in `folder`, whichever of the three it is.
///
/// - Parameters:
///   - folder: Path of the folder; its `config.json` names the tokenizer.
///   - device: Where FASTerVQ computes; the others need no device.
/// - Returns: The tokenizer.
/// - Throws: `ActionTokenizerError` that names the file, and the errors of checkpoints.
func openTokenizer(_ folder: String, device: Device) throws -> any ActionTokenizer {
    let url = namedModel(folder)
    let name = try TokenizerFolder.tokenizerName(in: url)
    switch name {
    case "fastervq": return try FASTerVQTokenizer(loading: url, device: device)
    case "fast": return try FASTTokenizer(loading: url)
    case "binning": return try BinningTokenizer(loading: url)
    default:
        throw ActionTokenizerError(
            "\(url.path)/config.json: tokenizer: expected fastervq, fast or binning, found '\(name ?? "none")'"
        )
    }
}

/// The folder that `text` means: a path, or the name of a model that comes with the program, such as `universal`.
func namedModel(_ text: String) -> URL {
    let folder = text.asFile
    guard !text.contains("/"), !FileManager.default.fileExists(atPath: folder.path) else { return folder }
    return Installation.folder("Models/fastervq-\(text)") ?? folder
}
