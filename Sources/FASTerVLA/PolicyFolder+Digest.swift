internal import ActionTokenizers
public import Foundation
internal import RobotTypes

extension PolicyFolder {
    /// Digest of the files that determine a policy's actions, of this package's policies and of LeRobot's.
    ///
    /// It is the SHA-256 of what `sha256sum` prints for `config.json`, `model.safetensors`, `norm_stats.json`, the files of
    /// LeRobot's processors (`policy_*`) and all files below `tokenizer/` and `backbone/`, as far as they exist, by rising path.
    ///
    /// - Returns: `sha256:` and 64 hexadecimal digits.
    /// - Throws: ``PolicyFolderError`` where there is no such folder, or no such file in it; `ActionTokenizerError` that names a
    ///   file which cannot be read.
    public static func digest(of folder: URL) throws -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue
        else {
            throw PolicyFolderError(file: folder.path, reason: "no such folder")
        }
        let known = [configurationFile, weightsFile, NormalizationSet.fileName]
        let own = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { known.contains($0) || $0.hasPrefix("policy_") }
        let parts = [tokenizerFolder, backboneFolder].flatMap { part in
            (FileManager.default.enumerator(atPath: folder.appending(path: part).path)?
                .compactMap { $0 as? String } ?? []).map { "\(part)/\($0)" }
        }
        let names = (own + parts).filter { isFile(folder.appending(path: $0)) }.sorted()
        guard !names.isEmpty else {
            throw PolicyFolderError(file: folder.path, reason: "is no policy's folder: it has no config.json")
        }
        return try FolderDigest.sha256(of: names, in: folder)
    }

    private static func isFile(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
            && !isFolder.boolValue
    }
}
