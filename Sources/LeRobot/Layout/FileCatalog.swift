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
    private let cameras: Set<String>
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
        let first = template.split(separator: "/").first.map(String.init) ?? root
        var paths: Set<String> = []
        for start in Set([root, first.contains("{") ? root : first]) {
            Self.list(folder, start, endings, into: &paths)
        }
        self.paths = paths
        self.cameras = Set(cameras)
    }

    private func numberedPaths() -> Numbered {
        numbered.withLock { numbered in
            if let numbered { return numbered }
            var found = Numbered()
            for path in paths.sorted() {
                let parts = path.split(separator: "/").map(String.init)
                guard let name = parts.last, let file = Self.lastNumber(in: name.prefix { $0 != "." }) else {
                    continue
                }
                let camera = parts.first(where: cameras.contains) ?? ""
                let folders = parts.dropLast().reversed().filter { $0 != camera }
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
        into paths: inout Set<String>
    ) {
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path)) ?? []
        for name in names where !name.hasPrefix(".") {
            let inner = "\(path)/\(name)"
            let dot = name.utf8.lastIndex(of: UInt8(ascii: "."))
            let ending = dot.map { name[name.utf8.index(after: $0)...].lowercased() } ?? name
            if endings.contains(ending) {
                paths.insert(inner)
            } else if !name.hasSuffix(".png"), !name.hasSuffix(".jpg") {
                list(folder, inner, endings, into: &paths)
            }
        }
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
