import Foundation
import TemporaryFolder

@testable import Backbones

extension PublishedConfiguration {
    /// A `config.json` of `text`.
    init(_ text: String, in folder: TemporaryFolder) throws {
        let file = folder.appending(path: "config.json")
        try Data(text.utf8).write(to: file)
        try self.init(of: file.deletingLastPathComponent())
    }
}

extension TemporaryFolder {
    /// Folder of a text tokenizer of this name in the goldens.
    func tokenizer(_ name: String) throws -> URL {
        let golden = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../TextTokenizersTests/Golden/\(name)/tokenizer.json")
        let file = appending(path: "model/tokenizer.json")
        let folder = file.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: golden, to: file)
        try Data(#"{"pad_token": "<|endoftext|>"}"#.utf8)
            .write(to: folder.appending(path: "tokenizer_config.json"))
        return folder
    }
}
