import Foundation

/// A file or folder in a folder, links followed.
struct FolderEntry {
    let name: String
    let isFolder: Bool

    /// Entries of a folder, without links that lead nowhere; none where there is no such folder.
    ///
    /// The folder itself says what most entries are: a dataset may have 100,000 files.
    static func list(_ path: String) -> [FolderEntry] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var entries: [FolderEntry] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { characters in
                characters.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            switch Int(entry.pointee.d_type) {
            case Int(DT_DIR): entries.append(FolderEntry(name: name, isFolder: true))
            case Int(DT_REG): entries.append(FolderEntry(name: name, isFolder: false))
            default:
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder) {
                    entries.append(FolderEntry(name: name, isFolder: isFolder.boolValue))
                }
            }
        }
        return entries
    }
}
