internal import ActionTokenizers
internal import Foundation
internal import TokenizerRegistry

extension PolicyFolder {
    /// Makes sure that a folder is no tokenizer's.
    ///
    /// - Throws: ``PolicyFolderError`` for the folder of a tokenizer, which it names.
    static func refuseTokenizer(_ folder: URL) throws(PolicyFolderError) {
        let configuration = folder.appending(path: configurationFile)
        // Folders of the public FAST processor have none.
        let hasConfiguration = FileManager.default.fileExists(atPath: configuration.path)
        let own = (try? TokenizerFolder.header(of: folder))?.tokenizer
        guard let found = own ?? (hasConfiguration ? nil : (try? TokenizerRegistry.name(of: folder)))
        else { return }
        throw PolicyFolderError(
            file: folder.path,
            reason:
                "expected a policy's folder, which 'faster policy train' writes, found a tokenizer's ('\(found)')"
        )
    }
}
