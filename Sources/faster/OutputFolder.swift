import Foundation

/// A folder that a command is about to fill, looked at before any work.
struct OutputFolder {
    private let path: String

    /// Makes sure that files can be made in the folder, without making any.
    ///
    /// - Throws: ``OutputError`` that names the obstacle.
    init(_ path: String) throws(OutputError) {
        self.path = path
        var folder = path.asFile.standardizedFileURL
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue
        else {
            throw OutputError(description: "\(path): cannot be written: \(folder.path) is not a folder")
        }
        guard access(folder.path, W_OK) == 0 else {
            throw OutputError(description: "\(path): cannot be written: \(folder.path) may not be changed")
        }
    }

    /// True if a tokenizer or a policy is complete here: `config.json` is written last.
    var isFinished: Bool {
        FileManager.default.fileExists(atPath: path.asFile.appending(path: "config.json").path)
    }

    /// Makes sure that nothing finished would be overwritten.
    func checkUnfinished() throws(OutputError) {
        guard !isFinished else {
            throw OutputError(
                description:
                    "\(path): holds a finished tokenizer or policy; choose another folder, or remove it"
            )
        }
    }
}

/// A folder that cannot be filled.
struct OutputError: Error, CustomStringConvertible {
    let description: String
}
