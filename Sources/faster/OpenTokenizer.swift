import ActionTokenizers
import CPUInference
import Evaluation
import FASTerVQ
import Foundation
import LearnedBaselines
import Torch

/// Opens the tokenizer in `folder`, whichever it is.
///
/// - Parameters:
///   - folder: Path of the folder; its `config.json` names the tokenizer.
///   - device: Where learned tokenizers compute; the others need no device.
/// - Returns: The tokenizer.
/// - Throws: `ActionTokenizerError` that names the file, and the errors of checkpoints.
func openTokenizer(_ folder: String, device: Device) throws -> any ActionTokenizer {
    let url = namedModel(folder)
    if FASTProcessor.isFolder(url) { return try FASTProcessor(loading: url) }
    let name = try TokenizerFolder.tokenizerName(in: url)
    switch name {
    case "fastervq":
        return try FASTerVQTokenizer(loading: url, device: device, codec: PackedChunkCodec.self)
    case "fast": return try FASTTokenizer(loading: url)
    case "binning", "binning-uniform": return try BinningTokenizer(loading: url)
    case "beast": return try BEASTTokenizer(loading: url)
    case "vq-bet": return try LearnedTokenizer<VQBeTNetwork>(loading: url, device: device)
    case "vq-vla": return try LearnedTokenizer<VQVLANetwork>(loading: url, device: device)
    case "oat": return try LearnedTokenizer<OATNetwork>(loading: url, device: device)
    default:
        throw ActionTokenizerError(
            "\(url.path)/config.json: tokenizer: expected fastervq, fast, binning, binning-uniform, beast, vq-bet, "
                + "vq-vla or oat, found '\(name ?? "none")'"
        )
    }
}

/// The folder that `text` means: a path, or the name of a model of `family` that comes with the program, such as
/// `universal` of the tokenizers and `metaworld` of the policies.
func namedModel(_ text: String, family: ModelFamily = .tokenizers) -> URL {
    let folder = text.asFile
    guard !text.contains("/"), !FileManager.default.fileExists(atPath: folder.path) else { return folder }
    return Installation.folder("Models/\(family.rawValue)-\(text)") ?? folder
}

/// Models that come with the program; the raw value is how their folders begin.
enum ModelFamily: String {
    case tokenizers = "fastervq"
    case policies = "fastervla"
}

/// Whether `text` means a model that knows kinds of motion but no robot.
///
/// - Throws: `ActionTokenizerError` that names a file which is missing or cannot be understood.
func belongsToNoRobot(_ text: String) throws -> Bool {
    let url = namedModel(text)
    guard !FASTProcessor.isFolder(url), try TokenizerFolder.tokenizerName(in: url) == "fastervq" else {
        return false
    }
    return try FASTerVQTokenizer.robot(in: url) == nil
}
