import Foundation
import Synchronization

/// Files of one kind that are present below a dataset's folder, found by the numbers in their names.
///
/// The template of `meta/info.json` comes first; where it names no file, the numbers of folder and file do, padded or
/// not, and at last the number of the file alone, where it is the only one.
final class FileCatalog: Sendable {
    /// Paths within the dataset's folder.
    let paths: Set<String>

    private let template: PathTemplate
    private let endings: Set<String>
    /// Cameras by the names that folders bear.
    private let cameras: [String: String]
    /// Paths by the numbers in their names, once one was not where the template says.
    private let numbered = Mutex<Numbered?>(nil)

    private struct Numbered {
        var byLocation: [Key: [String]] = [:]
        var byNumber: [Key: [String]] = [:]
    }

    private struct Key: Hashable {
        let camera: String
        let chunk: Int?
        let file: Int
    }

    /// Lists files.
    ///
    /// - Parameters:
    ///   - folder: The dataset's folder.
    ///   - template: Template of their paths.
    ///   - root: Name of their folder where the template does not say.
    ///   - endings: Endings of their names, in lower case.
    ///   - cameras: Cameras that paths may name.
    init(folder: URL, template: String, root: String, endings: Set<String>, cameras: [String] = []) {
        self.template = PathTemplate(template)
        let first = self.template.first ?? root
        var paths: Set<String> = []
        var visited: Set<String> = []
        for start in Set([root, first.contains("{") ? root : first]) {
            Self.list(folder, start, endings, into: &paths, visited: &visited)
        }
        // A template without a folder names files beside the folder 'meta'.
        if !template.contains("/") {
            let files = FolderEntry.list(folder.path).filter { !$0.isFolder && Self.has(endings, $0.name) }
            paths.formUnion(files.map(\.name))
        }
        self.paths = paths
        self.endings = endings
        var known = Dictionary(uniqueKeysWithValues: cameras.map { ($0, $0) })
        // Folders may bear the last part of a camera's name, where it is no other's.
        let short = Dictionary(grouping: cameras) { $0.split(separator: ".").last.map(String.init) ?? $0 }
        for (name, cameras) in short where cameras.count == 1 && known[name] == nil {
            known[name] = cameras[0]
        }
        self.cameras = known
    }

    private func numberedPaths() -> Numbered {
        numbered.withLock { numbered in
            if let numbered { return numbered }
            var found = Numbered()
            for path in paths.sorted() {
                var parts = path.split(separator: "/").map(String.init)
                // A folder of parts has a file's name.
                if let file = parts.firstIndex(where: { Self.has(endings, $0) }) {
                    parts = Array(parts[...file])
                }
                guard let name = parts.last, let file = Self.lastNumber(in: name.prefix { $0 != "." }) else {
                    continue
                }
                let cameraFolder = parts.first { cameras[$0] != nil } ?? ""
                let camera = cameras[cameraFolder] ?? ""
                let folders = parts.dropLast().reversed().filter { $0 != cameraFolder }
                let chunk = folders.lazy.compactMap { Self.lastNumber(in: $0[...]) }.first
                found.byLocation[Key(camera: camera, chunk: chunk, file: file), default: []].append(path)
                found.byNumber[Key(camera: camera, chunk: nil, file: file), default: []].append(path)
            }
            numbered = found
            return found
        }
    }

    /// Path of a file; nil where it is absent.
    func path(of location: FileLocation, camera: String = "") -> String? {
        let named = template.filled(location, camera: camera)
        if paths.contains(named) { return named }
        let key = Key(camera: camera, chunk: location.chunk, file: location.file)
        if let found = numberedPaths().byLocation[key], found.count == 1 { return found[0] }
        return nil
    }

    /// Path of the file with a number, whatever its folder; nil where there is none, or several.
    func path(number: Int, camera: String = "") -> String? {
        let found = numberedPaths().byNumber[Key(camera: camera, chunk: nil, file: number)]
        return found?.count == 1 ? found?[0] : nil
    }

    /// Path that the template gives, whether there is such a file or not.
    func expectedPath(of location: FileLocation, camera: String = "") -> String {
        template.filled(location, camera: camera)
    }

    private static func list(
        _ folder: URL,
        _ path: String,
        _ endings: Set<String>,
        into paths: inout Set<String>,
        visited: inout Set<String>
    ) {
        let url = folder.appending(path: path)
        let entries = FolderEntry.list(url.path)
        // Links may lead back up.
        guard !entries.isEmpty, visited.insert(url.resolvingSymlinksInPath().path).inserted else { return }
        for entry in entries where !entry.name.hasPrefix(".") {
            let inner = "\(path)/\(entry.name)"
            if entry.isFolder {
                // Some writers make a folder of parts where a file should be.
                list(folder, inner, endings, into: &paths, visited: &visited)
            } else if has(endings, entry.name) {
                paths.insert(inner)
            }
        }
    }

    private static func has(_ endings: Set<String>, _ name: String) -> Bool {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
        return endings.contains(name[name.utf8.index(after: dot)...].lowercased())
    }

    private static func lastNumber(in name: Substring) -> Int? {
        guard let end = name.lastIndex(where: \.isNumber) else { return nil }
        let head = name[...end]
        let digits = head[
            (head.lastIndex { !$0.isNumber }.map { head.index(after: $0) } ?? head.startIndex)...
        ]
        return Int(digits)
    }
}
