import Evaluation
import Foundation

/// Models that come with the program; the raw value begins the names of their folders.
enum ModelFamily: String {
    case tokenizers = "fastervq"
    case policies = "fastervla"
}

/// The folder that `text` means: a path, or the name of a model of `family` that comes with the program, such as `universal`
/// of the tokenizers and `metaworld` of the policies.
func namedModel(_ text: String, family: ModelFamily = .tokenizers) -> URL {
    let folder = text.asFile
    guard !text.contains("/"), !FileManager.default.fileExists(atPath: folder.path) else { return folder }
    return Installation.folder("Models/\(family.rawValue)-\(text)") ?? folder
}
